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

// blobReader reads the contents of blobs from a running git cat-file.
type blobReader struct {
	git *process
	out *bufio.Reader
}

// openBlobs starts git cat-file. The caller closes its process.
func openBlobs(ctx context.Context, r runner) (*blobReader, error) {
	git, err := r.start(ctx, "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	return &blobReader{git: git, out: bufio.NewReader(git)}, nil
}

// read returns the content of the blob with the object name, and its size. The content is nil if it
// has more than most bytes; it is not nil for an empty blob.
func (b *blobReader) read(oid string, most int) (content []byte, size int, err error) {
	if _, err := io.WriteString(b.git.in, oid+"\n"); err != nil {
		// The pipe broke because git ended. The error of git is more helpful.
		if ended := b.git.wait(); ended != nil {
			err = ended
		}
		return nil, 0, err
	}
	header, err := b.out.ReadString('\n')
	if err != nil {
		return nil, 0, unexpected(err)
	}
	size, err = blobSize(oid, strings.TrimSuffix(header, "\n"))
	if err != nil {
		return nil, 0, err
	}
	rest := len("\n")
	if size > most {
		rest += size
	} else {
		content = make([]byte, size)
		if _, err := io.ReadFull(b.out, content); err != nil {
			return nil, 0, unexpected(err)
		}
	}
	if _, err := b.out.Discard(rest); err != nil {
		return nil, 0, unexpected(err)
	}
	return content, size, nil
}

// blobSize reads the header of a blob: "<oid> blob <size>".
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

// unexpected returns err, with io.EOF as io.ErrUnexpectedEOF.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
