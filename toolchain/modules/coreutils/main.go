// Command coreutils is mv or cat, by the name that it is called by.
//
// mv renames one file, on one file system: mv SOURCE TARGET. An existing TARGET is replaced at once, so that a reader sees
// the old content or the new, never half of it (rename(2)). cat writes out files, one after the other.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	called, names := filepath.Base(os.Args[0]), os.Args[1:]
	for len(names) > 0 && (names[0] == "-f" || names[0] == "--") {
		names = names[1:]
	}
	var err error
	switch {
	case called == "mv" && len(names) == 2:
		err = os.Rename(names[0], names[1])
	case called == "cat" && len(names) > 0:
		err = cat(names)
	default:
		fmt.Fprintln(os.Stderr, "usage: mv SOURCE TARGET, or cat FILE...")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, called+":", err)
		os.Exit(1)
	}
}

func cat(names []string) error {
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(os.Stdout, file)
		file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
