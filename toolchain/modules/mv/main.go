// Command mv renames one file, on one file system: mv SOURCE TARGET. An existing TARGET is replaced at once, so that a
// reader sees the old content or the new, never half of it (rename(2)).
package main

import (
	"fmt"
	"os"
)

func main() {
	names := os.Args[1:]
	for len(names) > 0 && (names[0] == "-f" || names[0] == "--") {
		names = names[1:]
	}
	if len(names) != 2 {
		fmt.Fprintln(os.Stderr, "usage: mv SOURCE TARGET")
		os.Exit(2)
	}
	if err := os.Rename(names[0], names[1]); err != nil {
		fmt.Fprintln(os.Stderr, "mv:", err)
		os.Exit(1)
	}
}
