package gitimport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// blobReader reads contents from one running git cat-file.
type blobReader struct {
	git *process
	out *bufio.Reader
}

// openBlobs starts a reader of r's blobs. Its git is the caller's to close.
func openBlobs(ctx context.Context, r runner) (*blobReader, error) {
	git, err := r.start(ctx, "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	return &blobReader{git: git, out: bufio.NewReader(git)}, nil
}

// read returns the blob of this name, which is not nil even when it is empty.
func (b *blobReader) read(oid string) ([]byte, error) {
	if _, err := io.WriteString(b.git.in, oid+"\n"); err != nil {
		// The pipe broke because git ended, and why it ended says more.
		if ended := b.git.wait(); ended != nil {
			err = ended
		}
		return nil, err
	}
	header, err := b.out.ReadString('\n')
	if err != nil {
		return nil, unexpected(err)
	}
	size, err := blobSize(oid, strings.TrimSuffix(header, "\n"))
	if err != nil {
		return nil, err
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(b.out, content); err != nil {
		return nil, unexpected(err)
	}
	if _, err := b.out.Discard(len("\n")); err != nil {
		return nil, unexpected(err)
	}
	return content, nil
}

// blobSize reads the line that goes before a blob: "<oid> blob <size>".
func blobSize(oid, header string) (int, error) {
	fields := strings.Fields(header)
	if len(fields) == 2 && fields[1] == "missing" {
		return 0, fmt.Errorf("object %s is missing from the repository: find out what else is with git fsck, or clone it anew", oid)
	}
	if len(fields) != 3 || fields[0] != oid || fields[1] != "blob" {
		return 0, fmt.Errorf("git cat-file answers %q for blob %s", header, oid)
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil || size < 0 {
		return 0, fmt.Errorf("git cat-file answers %q for blob %s", header, oid)
	}
	return size, nil
}

// unexpected returns err, which says that a stream ended where it must not.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
