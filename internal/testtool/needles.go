package testtool

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
)

// shortLine is too short for a line of a secret to be told from other text.
const shortLine = 16

// Needles are the texts that show a secret: as it is, as it stands in JSON, in
// URLs and in base64, whatever comes before it there. Of a secret of several
// lines, such as a key, each line counts.
func Needles(secret string) []string {
	var all []string
	lines := strings.Split(strings.TrimSpace(secret), "\n")
	for _, line := range lines {
		if len(lines) > 1 && (len(line) < shortLine || strings.HasPrefix(line, "-----")) {
			continue
		}
		quoted, _ := json.Marshal(line) //nolint:errchkjson // text can be encoded
		all = append(all, line, strings.Trim(string(quoted), `"`), url.QueryEscape(line), url.PathEscape(line))
		for before := range 3 {
			all = append(all, inBase64(base64.RawStdEncoding, line, before), inBase64(base64.RawURLEncoding, line, before))
		}
	}
	return all
}

// inBase64 is what a text becomes after so many other bytes, without the digits
// that hang on its neighbours.
func inBase64(encoding *base64.Encoding, text string, before int) string {
	digits := encoding.EncodeToString([]byte(strings.Repeat("x", before) + text))
	if (before+len(text))%3 != 0 {
		digits = digits[:len(digits)-1]
	}
	return digits[(before*8+5)/6:]
}
