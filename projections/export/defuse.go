package export

import (
	"strings"
	"unicode/utf8"
)

// A spreadsheet runs a cell of a CSV file as a formula if it begins like one, whoever has written it; so such a cell is made to begin with an apostrophe, which tells spreadsheets that it is text
// (OWASP, CSV Injection).
const (
	// formulaBegins are the characters that a formula begins with, in the form of East Asian keyboards too, which some spreadsheets take for the same.
	formulaBegins = "=+-@＝＋－＠"

	// lineBegins are as bad at the beginning of a cell: some spreadsheets take them away, and look at what follows.
	lineBegins = "\t\r\n"

	// textBoundaries are where another cell may begin within a text, for a program that does not take the comma for what separates cells, as spreadsheets do wherever the comma is the decimal point. To
	// those the quotes around the cell mean nothing.
	textBoundaries = ";\t\r\n"

	// jsonBoundaries are those that may stand in a string of JSON. Outside of its strings JSON begins nothing that is a formula; and an apostrophe there would spoil it.
	jsonBoundaries = ";"

	// apostrophe is put before what would be run.
	apostrophe = '\''
)

// appendDefused writes a text with an apostrophe wherever a cell may begin with what would be run: at its beginning, and after each boundary.
func appendDefused(b []byte, text, boundaries string) []byte {
	if begins(text, lineBegins) || isFormula(text) {
		b = append(b, apostrophe)
	}
	for {
		i := strings.IndexAny(text, boundaries)
		if i < 0 {
			return append(b, text...)
		}
		b = append(b, text[:i+1]...)
		if text = text[i+1:]; isFormula(text) {
			b = append(b, apostrophe)
		}
	}
}

// isFormula reports whether what begins here is a formula once spaces, and quotes that mean nothing, are taken away.
func isFormula(text string) bool { return begins(strings.TrimLeft(text, " \""), formulaBegins) }

// begins reports whether a text begins with one of some characters.
func begins(text, with string) bool {
	first, size := utf8.DecodeRuneInString(text)
	return size > 0 && strings.ContainsRune(with, first)
}
