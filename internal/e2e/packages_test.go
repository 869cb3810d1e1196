//go:build linux

package e2e_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// control describes the package that has the program shop-tools.
const control = `Package: shop-tools
Version: 1.0
Architecture: all
Maintainer: Shop <shop@example.com>
Description: what only this shop has
`

// packages is a source of packages beside the releases, which holds shop-tools.
// It returns the key that they are signed with.
func (s *suite) packages(t *testing.T) (key string) {
	t.Helper()
	source, work := filepath.Join(s.folder, "debian"), t.TempDir()
	for _, folder := range []string{source, filepath.Join(work, "DEBIAN"), filepath.Join(work, "usr/bin")} {
		must(t, os.MkdirAll(folder, 0o755))
	}
	must(t, os.WriteFile(filepath.Join(work, "DEBIAN/control"), []byte(control), 0o600))
	must(t, os.WriteFile(filepath.Join(work, "usr/bin/shop-tools"), []byte("#!/bin/sh\necho welcome\n"), 0o755))
	archive := filepath.Join(source, "shop-tools.deb")
	output, err := exec.CommandContext(t.Context(), testtool.Require(t, "dpkg-deb"), "--root-owner-group", "--build", work, archive).CombinedOutput()
	if err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, output)
	}
	built, err := os.ReadFile(archive)
	must(t, err)
	index := fmt.Sprintf("%sFilename: ./shop-tools.deb\nSize: %d\nSHA256: %x\n", control, len(built), sha256.Sum256(built))
	must(t, os.WriteFile(filepath.Join(source, "Packages"), []byte(index), 0o644))
	key, signed := sign(t, fmt.Sprintf("Origin: shop\nSHA256:\n %x %d Packages\n", sha256.Sum256([]byte(index)), len(index)))
	must(t, os.WriteFile(filepath.Join(source, "InRelease"), signed, 0o644))
	return key
}

// sign has a text signed by somebody new, whose public key it returns.
func sign(t *testing.T, text string) (key string, signed []byte) {
	t.Helper()
	config := &packet.Config{RSABits: 3072, DefaultHash: crypto.SHA512}
	shop, err := openpgp.NewEntity("Shop", "", "shop@example.com", config)
	must(t, err)
	var public, message bytes.Buffer
	armored, err := armor.Encode(&public, openpgp.PublicKeyType, nil)
	must(t, err)
	must(t, shop.Serialize(armored))
	must(t, armored.Close())
	signing, err := clearsign.Encode(&message, shop.PrivateKey, config)
	must(t, err)
	_, err = signing.Write([]byte(text))
	must(t, err)
	must(t, signing.Close())
	return public.String() + "\n", message.Bytes()
}
