package simulator

import (
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
)

// sshKey is the API description's schema "sshKeys".
type sshKey struct {
	ID          int    `json:"id"`
	Fingerprint string `json:"fingerprint"` // MD5, in hex with colons
	PublicKey   string `json:"public_key"`
	Name        string `json:"name"`
}

// keyRequest is the body of a create and of an update.
type keyRequest struct {
	Name      string `json:"name"`
	PublicKey string `json:"public_key"`
}

func (s *Simulator) keyRoutes() {
	s.route("GET /v2/account/keys", http.StatusOK, func(r *http.Request) (any, error) {
		return paginated(r, "ssh_keys", s.keys.all())
	})
	s.route("POST /v2/account/keys", http.StatusCreated, s.createKey)
	s.route("GET /v2/account/keys/{key}", http.StatusOK, func(r *http.Request) (any, error) {
		key, err := s.pathKey(r)
		return object{"ssh_key": key}, err
	})
	s.route("PUT /v2/account/keys/{key}", http.StatusOK, s.renameKey)
	s.route("DELETE /v2/account/keys/{key}", http.StatusNoContent, s.deleteKey)
}

func (s *Simulator) createKey(r *http.Request) (any, error) {
	request, err := decode[keyRequest](r)
	if err != nil {
		return nil, err
	}
	if request.Name == "" {
		return nil, unprocessable("Name can't be blank")
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(request.PublicKey))
	if err != nil {
		return nil, unprocessable(`Key invalid, key should be of the format "type key [comment]"`)
	}
	fingerprint := ssh.FingerprintLegacyMD5(public)
	if s.findKey(fingerprint) != nil {
		return nil, unprocessable("SSH Key is already in use on your account")
	}
	s.lastKey++
	key := &sshKey{
		ID: s.lastKey, Fingerprint: fingerprint, Name: request.Name,
		PublicKey: strings.TrimSpace(request.PublicKey),
	}
	s.keys.add(key.ID, key)
	return object{"ssh_key": key}, nil
}

func (s *Simulator) renameKey(r *http.Request) (any, error) {
	key, err := s.pathKey(r)
	if err != nil {
		return nil, err
	}
	request, err := decode[keyRequest](r)
	if err != nil {
		return nil, err
	}
	if request.Name == "" {
		return nil, unprocessable("Name can't be blank")
	}
	key.Name = request.Name
	return object{"ssh_key": key}, nil
}

func (s *Simulator) deleteKey(r *http.Request) (any, error) {
	key, err := s.pathKey(r)
	if err != nil {
		return nil, err
	}
	s.keys.remove(key.ID)
	return nil, nil
}

func (s *Simulator) pathKey(r *http.Request) (*sshKey, error) {
	key := s.findKey(r.PathValue("key"))
	if key == nil {
		return nil, notFound()
	}
	return key, nil
}

// findKey looks a key up by its id or its fingerprint, nil when there is none.
func (s *Simulator) findKey(identifier string) *sshKey {
	for _, key := range s.keys.all() {
		if key.Fingerprint == identifier || strconv.Itoa(key.ID) == identifier {
			return key
		}
	}
	return nil
}
