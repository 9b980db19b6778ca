package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// openers returns the other processes that have a file open, such as "4711 (sqlite3)". It reads
// /proc, and knows only those processes that this user may look into: the result may be empty.
func openers(path string) (list []string) {
	file, err := os.Stat(path)
	if err != nil {
		return nil
	}
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	for _, folder := range folders {
		number := filepath.Base(folder)
		if number == strconv.Itoa(os.Getpid()) || !hasOpen(folder, file) {
			continue
		}
		if name, err := os.ReadFile(filepath.Join(folder, "comm")); err == nil {
			number += " (" + strings.TrimSpace(string(name)) + ")"
		}
		list = append(list, number)
	}
	return list
}

// hasOpen reports whether the process of a folder in /proc has a file open.
func hasOpen(folder string, file os.FileInfo) bool {
	descriptors, err := filepath.Glob(filepath.Join(folder, "fd", "*"))
	return err == nil && slices.ContainsFunc(descriptors, func(descriptor string) bool {
		open, err := os.Stat(descriptor)
		return err == nil && os.SameFile(open, file)
	})
}

// processes returns a list of openers in words.
func processes(list []string) string {
	switch len(list) {
	case 0:
		return "another process"
	case 1:
		return "process " + list[0]
	}
	last := len(list) - 1
	return fmt.Sprintf("processes %s and %s", strings.Join(list[:last], ", "), list[last])
}
