package cookie_test

import (
	"unicode"
)

// asciiTable is 0x20 to 0x7E.
var asciiTable = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x20, Hi: 0x7E, Stride: 1}}}

func printable() string {
	var all []rune
	for char := rune(0x7E); char >= 0x20; char-- {
		all = append(all, char)
	}
	return "x" + string(all) + "x"
}
