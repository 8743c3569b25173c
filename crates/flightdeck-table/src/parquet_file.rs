//! Parquet files: which columns there are, and reading them side by side.

use crate::arrays::{self, ColumnBuilder, Kind};
use crate::error::{TableError, shown};
use crate::infer::choose;
use crate::options::{Limits, Options};
use crate::parallel;
use crate::table::{Column, Table};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Compression;
use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;
use std::thread;

const BATCH_ROWS: usize = 64 << 10;

/// Reads the columns that were asked for, each on its own, as many at a time as there are cores.
///
/// The `parquet` crate panics on some damaged pages (levels that run past their buffer), so that the reading has a thread
/// of its own: one that dies is a damaged file and not the end of the program.
pub(crate) fn table(bytes: Bytes, options: &Options) -> Result<Table, TableError> {
    let died = |_| Err(damaged("a page contradicts itself"));
    thread::scope(|scope| scope.spawn(|| columns(bytes, options)).join().unwrap_or_else(died))
}

fn columns(bytes: Bytes, options: &Options) -> Result<Table, TableError> {
    // The Arrow schema that some writers embed says how a column was held in memory, not what it holds.
    let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&bytes, plain).map_err(damaged)?;
    let schema = with_dictionaries(metadata.schema());
    let metadata = ArrowReaderMetadata::try_new(
        metadata.metadata().clone(),
        ArrowReaderOptions::new().with_schema(schema),
    )
    .map_err(damaged)?;
    let names = names(metadata.schema(), &options.limits)?;
    let chosen = choose(&names, options)?;
    let rows = check_size(&metadata, &chosen, &options.limits)?;
    let file = Source { bytes, metadata, rows, limits: options.limits };
    let columns = parallel::each(chosen.len(), |index| {
        let name = names[chosen[index]].clone();
        file.column(chosen[index], &name, options.as_text.contains(&name))
    })?;
    Ok(Table { rows, columns })
}

fn damaged(detail: impl Display) -> TableError {
    TableError::Damaged { detail: shown(&detail.to_string()) }
}

/// Texts come as codes into a dictionary, which is how most files hold them.
fn with_dictionaries(schema: &SchemaRef) -> SchemaRef {
    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(Field::new(field.name(), coded.clone(), field.is_nullable())),
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn names(schema: &SchemaRef, limits: &Limits) -> Result<Vec<String>, TableError> {
    let found = schema.fields().len();
    if found == 0 {
        return Err(TableError::Empty);
    }
    if found > limits.columns {
        let limit = limits.columns as u64;
        return Err(TableError::TooLarge { what: "columns", found: found as u64, limit });
    }
    let mut places = HashMap::new();
    for (index, field) in schema.fields().iter().enumerate() {
        if let Some(first) = places.insert(field.name(), index) {
            let name = shown(field.name());
            return Err(TableError::DuplicateColumn { name, first: first + 1, second: index + 1 });
        }
    }
    Ok(schema.fields().iter().map(|field| field.name().clone()).collect())
}

/// The number of rows, when all that the file claims stays under the limits.
fn check_size(
    metadata: &ArrowReaderMetadata,
    chosen: &[usize],
    limits: &Limits,
) -> Result<usize, TableError> {
    let claimed = metadata.metadata().file_metadata().num_rows();
    let rows = u64::try_from(claimed).map_err(|_| damaged(format!("it claims {claimed} rows")))?;
    let unpacked = metadata.metadata().row_groups().iter().map(|group| {
        let columns = group.columns().iter().map(|column| column.uncompressed_size().max(0) as u64);
        columns.fold(0, u64::saturating_add)
    });
    let bytes = unpacked.fold(0, u64::saturating_add);
    let cells = rows.saturating_mul(chosen.len() as u64);
    for (what, found, limit) in
        [("rows", rows, limits.rows), ("cells", cells, limits.cells), ("bytes", bytes, limits.bytes)]
    {
        if found > limit {
            return Err(TableError::TooLarge { what, found, limit });
        }
    }
    Ok(rows as usize)
}

struct Source {
    bytes: Bytes,
    metadata: ArrowReaderMetadata,
    rows: usize,
    limits: Limits,
}

impl Source {
    fn column(&self, place: usize, name: &str, as_text: bool) -> Result<Column, TableError> {
        let kind = self.kind(place, name)?;
        self.check_compression(place, name)?;
        let kind = if as_text { Kind::Text } else { kind };
        let mut builder = ColumnBuilder::new(name, kind, self.rows, self.limits.cell_bytes);
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), [place]);
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes.clone(), self.metadata.clone())
                .with_projection(mask)
                .with_batch_size(BATCH_ROWS)
                .build()
                .map_err(damaged)?;
        for batch in reader {
            let batch = batch.map_err(damaged)?;
            builder.push(batch.column(0))?;
            if builder.rows() > self.rows {
                break;
            }
        }
        if builder.rows() != self.rows {
            let found = builder.rows();
            return Err(damaged(format!("column {} has {found} rows, not {}", shown(name), self.rows)));
        }
        Ok(Column { name: name.into(), data: builder.finish() })
    }

    fn kind(&self, place: usize, name: &str) -> Result<Kind, TableError> {
        let data_type = match self.metadata.schema().field(place).data_type() {
            DataType::Dictionary(_, values) => values,
            plain => plain,
        };
        arrays::kind(data_type).ok_or_else(|| TableError::ColumnType {
            column: shown(name),
            found: match data_type {
                DataType::Struct(_) => "records".into(),
                DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "lists".into(),
                DataType::Map(..) => "maps".into(),
                DataType::Binary | DataType::FixedSizeBinary(_) => "bytes".into(),
                DataType::Time32(_) | DataType::Time64(_) => "times of day".into(),
                other => shown(&other.to_string()),
            },
        })
    }

    fn check_compression(&self, place: usize, name: &str) -> Result<(), TableError> {
        let schema = self.metadata.parquet_schema();
        let groups = self.metadata.metadata().row_groups();
        let chunks = groups.iter().flat_map(|group| group.columns().iter().enumerate());
        for (_, chunk) in chunks.filter(|(leaf, _)| schema.get_column_root_idx(*leaf) == place) {
            if let codec @ (Compression::BROTLI(_) | Compression::LZO) = chunk.compression() {
                return Err(TableError::Compression { column: shown(name), codec: format!("{codec:?}") });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
