package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"flightdeck/vault"
)

// certificate is the server's certificate, as the files had it when they were last read.
type certificate struct {
	cert, key string // files
	current   atomic.Pointer[tls.Certificate]
}

// openCertificate reads the certificate of --tls-cert and --tls-key. It returns nil if there are no
// such flags.
func openCertificate(cert, key string) (*certificate, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	if cert == "" || key == "" {
		return nil, errors.New("give --tls-cert and --tls-key together")
	}
	c := &certificate{cert: cert, key: key}
	return c, c.read()
}

// read reads the files again. If they are not valid, the certificate stays as it is.
func (c *certificate) read() error {
	key, err := vault.ReadSecret(c.key)
	if err != nil {
		return err
	}
	cert, err := os.ReadFile(c.cert)
	if err != nil {
		return fmt.Errorf("read --tls-cert: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	c.current.Store(&pair)
	return nil
}

// config returns the configuration of a server that shows the certificate.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current.Load(), nil
		},
	}
}

// follow reads the files again at each SIGHUP, until stop is called. stop waits until no file is
// being read. Without a certificate SIGHUP changes nothing, where it would end the process.
func (c *certificate) follow(env *environment) (stop func()) {
	ctx, cancel := context.WithCancel(env.ctx)
	hangups, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		defer close(done)
		defer signal.Stop(hangups)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
			}
			c.readAgain(env.logger)
		}
	}()
	return func() { cancel(); <-done }
}

// readAgain reads the files and logs the outcome.
func (c *certificate) readAgain(logger *slog.Logger) {
	if c == nil {
		logger.Info("SIGHUP changes nothing: there is no certificate to read again")
		return
	}
	if err := c.read(); err != nil {
		logger.Error("the certificate stays as it is", "err", err)
		return
	}
	logger.Info("the certificate was read again")
}

// serve serves on a listener, with TLS unless the certificate is nil.
func (c *certificate) serve(server *http.Server, listener net.Listener) error {
	if c == nil {
		return server.Serve(listener)
	}
	server.TLSConfig = c.config()
	return server.ServeTLS(listener, "", "")
}
