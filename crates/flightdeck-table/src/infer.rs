//! What the cells of a CSV column are: numbers, times, or else texts. A column is judged as a whole.

use crate::error::{TableError, shown};
use crate::options::Options;
use crate::parallel;
use crate::split::Cells;
use crate::table::{Column, Data, NO_TIME, Numbers, Table, TextsBuilder, Times};
use flightdeck_core::Timestamp;

/// Whole numbers up to here are exact as `f64`, and no larger one is rounded to one of them.
pub(crate) const LARGEST_EXACT: f64 = 9_007_199_254_740_991.0;

/// Types all columns that were asked for.
pub(crate) fn table(cells: &Cells<'_>, options: &Options) -> Result<Table, TableError> {
    let chosen = choose(&cells.names, options)?;
    let columns = parallel::each(chosen.len(), |index| {
        let place = chosen[index];
        let name = cells.names[place].clone();
        let data = column(cells, place, options.as_text.contains(&name));
        Ok::<_, TableError>(Column { name, data })
    })?;
    Ok(Table { rows: cells.rows, columns })
}

/// Positions of the columns to read. Every name that the options mention must be there.
pub(crate) fn choose(names: &[String], options: &Options) -> Result<Vec<usize>, TableError> {
    const SHOWN: usize = 8;
    let place = |name: &String| {
        names.iter().position(|known| known == name).ok_or_else(|| TableError::NoSuchColumn {
            name: shown(name),
            known: names.iter().take(SHOWN).map(|name| shown(name)).collect(),
        })
    };
    for name in &options.as_text {
        place(name)?;
    }
    match &options.only {
        Some(only) => only.iter().map(place).collect(),
        None => Ok((0..names.len()).collect()),
    }
}

fn column(cells: &Cells<'_>, place: usize, as_text: bool) -> Data {
    if as_text {
        return texts(cells, place);
    }
    numbers(cells, place).or_else(|| times(cells, place)).unwrap_or_else(|| texts(cells, place))
}

/// Whether a cell stands for a missing value.
fn is_missing(cell: &str) -> bool {
    matches!(cell.trim(), "" | "NA" | "NaN" | "null" | "None")
}

fn numbers(cells: &Cells<'_>, place: usize) -> Option<Data> {
    let mut numbers = Numbers { values: Vec::with_capacity(cells.rows), nulls: 0, whole: true };
    for row in 0..cells.rows {
        let cell = cells.cell(row, place);
        let cell = cell.trim();
        let value = if is_missing(cell) { f64::NAN } else { fast_float2::parse(cell).ok()? };
        if value.is_nan() {
            numbers.nulls += 1;
        } else {
            numbers.whole &= is_whole(cell, value);
        }
        numbers.values.push(value);
    }
    numbers.whole &= numbers.nulls < cells.rows as u64;
    Some(Data::Number(numbers))
}

fn is_whole(cell: &str, value: f64) -> bool {
    let digits = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && value.abs() <= LARGEST_EXACT
}

fn times(cells: &Cells<'_>, place: usize) -> Option<Data> {
    let mut times = Times { ms: Vec::with_capacity(cells.rows), nulls: 0 };
    for row in 0..cells.rows {
        let cell = cells.cell(row, place);
        if is_missing(&cell) {
            times.nulls += 1;
            times.ms.push(NO_TIME);
        } else {
            times.ms.push(Timestamp::parse(&cell)?.as_ms());
        }
    }
    Some(Data::Time(times))
}

fn texts(cells: &Cells<'_>, place: usize) -> Data {
    let boolean = is_boolean(cells, place);
    let mut texts = TextsBuilder::with_capacity(cells.rows);
    for row in 0..cells.rows {
        let cell = cells.cell(row, place);
        if is_missing(&cell) {
            texts.push(None);
        } else if boolean {
            texts.push(Some(&cell.trim().to_ascii_lowercase()));
        } else {
            texts.push(Some(&cell));
        }
    }
    Data::Text(texts.finish())
}

fn is_boolean(cells: &Cells<'_>, place: usize) -> bool {
    (0..cells.rows).all(|row| {
        let cell = cells.cell(row, place);
        let word = cell.trim();
        is_missing(word) || word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Limits;
    use crate::table::Texts;
    use flightdeck_core::Cell;

    fn read(text: &str, as_text: &[&str]) -> Table {
        let options =
            Options { as_text: as_text.iter().map(|name| (*name).into()).collect(), ..Options::default() };
        table(&Cells::split(text, &Limits::default()).unwrap(), &options).unwrap()
    }

    fn texts_of<'a>(table: &'a Table, name: &str) -> &'a Texts {
        match &table.column(name).unwrap().data {
            Data::Text(texts) => texts,
            other => panic!("{name} is {other:?}"),
        }
    }

    fn numbers_of<'a>(table: &'a Table, name: &str) -> &'a Numbers {
        match &table.column(name).unwrap().data {
            Data::Number(numbers) => numbers,
            other => panic!("{name} is {other:?}"),
        }
    }

    #[test]
    fn every_word_for_missing_is_missing_in_every_type() {
        let words = "NA\nNaN\nnull\nNone\n\"\"\n\"NA\"\n\n";
        assert_eq!(numbers_of(&read(&format!("a\n{words}1\n"), &[]), "a").nulls, 7);
        assert_eq!(texts_of(&read(&format!("a\n{words}x\n"), &[]), "a").nulls, 7);
        assert_eq!(read(&format!("a\n{words}2020-01-01\n"), &[]).columns[0].data.nulls(), 7);
        assert_eq!(numbers_of(&read(&format!("a\n{words}"), &[]), "a").nulls, 7);
    }

    #[test]
    fn infinities_are_numbers_and_not_missing() {
        let table = read("a\ninf\n-inf\n1e308\n-0.0\nInfinity\n", &[]);
        let numbers = numbers_of(&table, "a");
        assert_eq!(numbers.values, [f64::INFINITY, f64::NEG_INFINITY, 1e308, 0.0, f64::INFINITY]);
        assert!(numbers.values[3].is_sign_negative());
        assert_eq!((numbers.nulls, numbers.whole), (0, false));
    }

    #[test]
    fn two_distinct_numbers_are_numbers_unless_declared() {
        let table = read("a,b\n0,0\n1,01\n0,0\n", &["b"]);
        assert!(numbers_of(&table, "a").whole);
        assert_eq!(texts_of(&table, "b").values, ["0", "01"]);
        assert_eq!(texts_of(&table, "b").codes, [0, 1, 0]);
    }

    #[test]
    fn whole_numbers_are_integers_as_far_as_they_are_exact() {
        let table = read("id,ok,point\n9007199254740993,+5,5.0\n", &[]);
        assert!(!numbers_of(&table, "id").whole && !numbers_of(&table, "point").whole);
        assert_eq!(table.cell(0, 1), Cell::Integer(5));
        assert_eq!(table.cell(0, 2), Cell::Number(5.0));
    }

    #[test]
    fn d3_booleans_are_texts_and_mixed_ones_keep_their_spelling() {
        let table = read("a,b\nTrue,True\nFALSE,1\n,0\n", &[]);
        assert_eq!(texts_of(&table, "a").values, ["true", "false"]);
        assert_eq!(texts_of(&table, "a").nulls, 1);
        assert_eq!(texts_of(&table, "b").values, ["True", "1", "0"]);
    }

    #[test]
    fn times_are_times_when_all_cells_are() {
        let table = read("at,mixed\n2013-07-01T01:00:00Z,2013-07-01\n2013-07-01,soon\n", &[]);
        let Data::Time(times) = &table.columns[0].data else { panic!("{:?}", table.columns[0]) };
        assert_eq!(times.ms, [1_372_640_400_000, 1_372_636_800_000]);
        assert_eq!(table.cell(1, 0), Cell::Text("2013-07-01T00:00:00Z".into()));
        assert_eq!(texts_of(&table, "mixed").values.len(), 2);
    }

    #[test]
    fn d3_no_rows_and_one_row_are_tables() {
        let empty = read("a,b\n", &[]);
        assert_eq!((empty.rows, empty.names()), (0, vec!["a", "b"]));
        assert_eq!(empty.cell(0, 0), Cell::Missing);
        assert_eq!(read("a\n7\n", &[]).row(0), [Cell::Integer(7)]);
    }

    #[test]
    fn columns_come_in_the_order_asked_for_and_absent_ones_are_named() {
        let cells = Cells::split("a,b,c\n1,2,3\n", &Limits::default()).unwrap();
        let only = |names: &[&str]| Options {
            only: Some(names.iter().map(|name| (*name).into()).collect()),
            ..Options::default()
        };
        assert_eq!(table(&cells, &only(&["c", "a"])).unwrap().names(), ["c", "a"]);
        let error = table(&cells, &only(&["d"])).unwrap_err();
        assert_eq!(error.to_string(), "there is no column d; the file has a, b, c");
    }
}
