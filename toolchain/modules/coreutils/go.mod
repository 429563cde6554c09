// mv and cat for an image that has no shell: they put the proxy's route file in place and tell its connections.
module golive/toolchain/coreutils

go 1.21
