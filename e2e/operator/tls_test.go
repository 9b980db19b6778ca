package operator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/e2e/harness"

	"github.com/gorilla/websocket"
)

// writeCertificate writes a self-signed certificate for this machine, with a serial number, and
// returns it.
func writeCertificate(t *testing.T, cert, key string, serial int64) *x509.Certificate {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "flightdeck"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(path, kind string, content []byte) {
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(cert, "CERTIFICATE", der)
	write(key, "PRIVATE KEY", secret)
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// lines is a log, line by line.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// await waits for a line with these words.
func (l lines) await(t *testing.T, words string) {
	t.Helper()
	for late := time.After(harness.Patience); ; {
		select {
		case line := <-l:
			if strings.Contains(line, words) {
				return
			}
		case <-late:
			t.Fatalf("the log does not say %q", words)
		}
	}
}

func TestTLSIsServedAndItsCertificateReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	first := writeCertificate(t, cert, key, 1)
	log := make(lines, 100)
	p := harness.StartProcessWith(t, log, filepath.Join(dir, "flightdeck.db"), "--log-level", "info", "--tls-cert", cert, "--tls-key", key)
	_, host, _ := strings.Cut(p.URL, "://")
	trusting := func(pool ...*x509.Certificate) *tls.Config {
		roots := x509.NewCertPool()
		for _, one := range pool {
			roots.AddCert(one)
		}
		return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	get := func(config *tls.Config) (*http.Response, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		return transport.RoundTrip(r)
	}
	response, err := get(trusting(first))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.TLS.PeerCertificates[0].SerialNumber.Int64() != 1 || !strings.HasPrefix(response.Header.Get("Strict-Transport-Security"), "max-age=") {
		t.Errorf("served with %v", response.Header)
	}
	old := trusting(first)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if response, err := get(old); err == nil {
		_ = response.Body.Close()
		t.Error("TLS 1.1 is spoken")
	}
	dialer := websocket.Dialer{TLSClientConfig: trusting(first), Subprotocols: []string{harness.TransportWS}}
	conn, response, err := dialer.DialContext(t.Context(), "wss://"+host+"/graphql", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	_ = conn.Close()

	second := writeCertificate(t, cert, key, 2)
	hangUp(t, p)
	log.await(t, "read again")
	if response, err = get(trusting(second)); err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if err := os.WriteFile(cert, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	hangUp(t, p)
	log.await(t, "stays as it is")
	if response, err = get(trusting(second)); err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
}

func hangUp(t *testing.T, p *harness.Process) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

func TestFilesOfADatabaseAreItsOwnersAlone(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Admin)
	h.CreateContent(token, nil)
	files, err := filepath.Glob(h.AppOptions.DB + "*")
	if err != nil || len(files) < 4 { // the database, -wal, -shm and .lock
		t.Fatalf("there are %q: %v", files, err)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has the mode %#o", filepath.Base(file), mode)
		}
	}
}

func TestADatabaseThatIsOpenToOthersIsSaid(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	h.Stop()
	if err := os.Chmod(h.AppOptions.DB, 0o644); err != nil {
		t.Fatal(err)
	}
	log := make(lines, 100)
	p := harness.StartProcessWith(t, log, h.AppOptions.DB, "--log-level", "warn")
	log.await(t, "chmod 600")
	_ = p.Process.Kill()
	_ = p.Wait()
}
