package export

import (
	"slices"

	"github.com/parquet-go/parquet-go"

	"resultlog/projections/analytics"
)

// parquetSchema is what a file says of the types of its columns.
func parquetSchema(t Table) *parquet.Schema {
	group := parquet.Group{}
	for _, c := range t.Columns {
		group[c.Name] = parquetNode(c)
	}
	sorted := group.Fields()
	ordered := make([]parquet.Field, len(t.Columns))
	for i, c := range t.Columns {
		ordered[i] = sorted[slices.IndexFunc(sorted, func(f parquet.Field) bool { return f.Name() == c.Name })]
	}
	return parquet.NewSchema(t.Name, inOrder{group, ordered})
}

// inOrder is a group whose fields keep their order; parquet.Group has that of the alphabet.
type inOrder struct {
	parquet.Group
	fields []parquet.Field
}

// Fields implements parquet.Node.
func (g inOrder) Fields() []parquet.Field { return g.fields }

// parquetNode is the type of a column. A dictionary is for the few values of an Enum alone: others would grow with the rows.
func parquetNode(c analytics.Column) parquet.Node {
	node := parquet.Encoded(parquetLeaf(c.Type), &parquet.Plain)
	if c.Type == analytics.Enum {
		node = parquet.Encoded(parquet.Enum(), &parquet.RLEDictionary)
	}
	if c.Nullable {
		node = parquet.Optional(node)
	}
	return node
}

func parquetLeaf(t analytics.Type) parquet.Node {
	switch t {
	case analytics.UUID:
		return parquet.UUID()
	case analytics.Timestamp:
		return parquet.Timestamp(parquet.Millisecond)
	case analytics.Date:
		return parquet.Date()
	case analytics.Integer:
		return parquet.Leaf(parquet.Int64Type)
	case analytics.Number:
		return parquet.Leaf(parquet.DoubleType)
	case analytics.Boolean:
		return parquet.Leaf(parquet.BooleanType)
	case analytics.JSON:
		return parquet.Leaf(unboundedJSON{parquet.JSON().Type()})
	case analytics.Enum:
		return parquet.Enum()
	default:
		return parquet.String()
	}
}

// unboundedJSON is JSON whose pages are in the index with bounds that hold whatever is in them. Those that they have are of no use to anybody; and without any, the library would write that they are
// empty texts, by which a reader that looks for a value would leave out pages that have it.
type unboundedJSON struct{ parquet.Type }

// NewColumnIndexer implements parquet.Type.
func (t unboundedJSON) NewColumnIndexer(sizeLimit int) parquet.ColumnIndexer {
	return unboundedIndexer{t.Type.NewColumnIndexer(sizeLimit)}
}

type unboundedIndexer struct{ parquet.ColumnIndexer }

// The least and the greatest text: no byte of UTF-8 is as great.
var (
	leastText    = parquet.ByteArrayValue([]byte{})
	greatestText = parquet.ByteArrayValue([]byte{0xff})
)

// IndexPage implements parquet.ColumnIndexer.
func (i unboundedIndexer) IndexPage(values, nulls int64, _, _ parquet.Value) {
	i.ColumnIndexer.IndexPage(values, nulls, leastText, greatestText)
}
