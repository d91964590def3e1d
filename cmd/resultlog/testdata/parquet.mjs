// Prints what hyparquet, a reader that shares no code with what has written the file, finds in a Parquet file: a line of JSON about the file, then a line for each row.
// Usage: node parquet.mjs FILE, beside a node_modules that has hyparquet.
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';

const file = await asyncBufferFromFile(process.argv[2]);
const metadata = await parquetMetadataAsync(file);
const columns = {};
for (const element of metadata.schema.slice(1)) {
	columns[element.name] = { physical: element.type, logical: element.logical_type ?? null, nullable: element.repetition_type === 'OPTIONAL', encodings: [] };
}
for (const group of metadata.row_groups) {
	for (const { meta_data: chunk } of group.columns) {
		columns[chunk.path_in_schema[0]].encodings = chunk.encodings;
	}
}
const about = Object.fromEntries((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value]));
console.log(JSON.stringify({ rows: Number(metadata.num_rows), groups: metadata.row_groups.length, columns, about }));

// plain is a value as the lines of resultlog export have it.
const plain = (value, { logical }) => {
	if (value === null || value === undefined) return null;
	if (logical?.type === 'DATE') return value.toISOString().slice(0, 10);
	if (value instanceof Date) return value.toISOString();
	if (value instanceof Uint8Array) return [...value].map(b => b.toString(16).padStart(2, '0')).join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
	return typeof value === 'bigint' ? Number(value) : value;
};
for (const row of await parquetReadObjects({ file, metadata })) {
	console.log(JSON.stringify(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value, columns[name])]))));
}
