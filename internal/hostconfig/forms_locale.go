package hostconfig

import (
	_ "embed"
	"strings"
)

// supportedLocales are those of UTF-8 in /usr/share/i18n/SUPPORTED of Debian 12
// (glibc 2.36), one a line. Debian 13 and Ubuntu 24.04 have some more; Ubuntu
// 22.04 (glibc 2.35) may lack rif_MA and syr, and has all others.
//
//go:embed locales.txt
var supportedLocales string

// Locale is one of UTF-8 that the hosts can make. glibc's list leaves .UTF-8 out
// where a locale knows nothing else; it may be written all the same.
var Locale = Form{
	fits: func(text string) bool { return locales()[text] },
	rule: `use one of glibc's UTF-8 locales, such as "en_US.UTF-8" or "C.UTF-8", as /usr/share/i18n/SUPPORTED spells it`,
}

func locales() map[string]bool {
	known := map[string]bool{}
	for name := range strings.Lines(supportedLocales) {
		name = strings.TrimSuffix(name, "\n")
		known[name] = true
		if !strings.ContainsAny(name, ".@") {
			known[name+".UTF-8"] = true
		}
	}
	return known
}
