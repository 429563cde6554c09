// mv for an image that has no shell: it puts the proxy's route file in place.
module golive/toolchain/mv

go 1.21
