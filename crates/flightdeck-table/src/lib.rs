//! CSV and Parquet files read into typed columns, bounded and with errors that name the row.
