//! Plain text tables for reports.

use std::fmt;

/// How the cells of a column stand below each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    header: String,
    align: Align,
}

impl Column {
    /// A column of words, aligned on the left.
    pub fn words(header: impl Into<String>) -> Self {
        Self {
            header: header.into(),
            align: Align::Left,
        }
    }

    /// A column of numbers, aligned on the right.
    pub fn numbers(header: impl Into<String>) -> Self {
        Self {
            header: header.into(),
            align: Align::Right,
        }
    }
}

/// A table of text with a header, aligned columns and a rule between.
///
/// ```
/// use bnlstm::table::{Column, Table};
///
/// let mut table = Table::new([Column::words("model"), Column::numbers("accuracy")]);
/// table.row(["lstm", "9.5"]);
/// table.row(["bn-lstm", "67.2"]);
/// let lines = [
///     "model    accuracy",
///     "-------  --------",
///     "lstm          9.5",
///     "bn-lstm      67.2",
/// ];
/// assert_eq!(table.to_string(), lines.map(|line| format!("{line}\n")).concat());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row at the end.
    ///
    /// # Panics
    /// If the number of cells is not that of the columns.
    #[track_caller]
    pub fn row<Cell: Into<String>>(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        assert_eq!(
            cells.len(),
            self.columns.len(),
            "a row needs one cell for each column"
        );
        self.rows.push(cells);
    }

    /// The same as comma-separated values.
    pub fn to_csv(&self) -> String {
        let quoted = |cell: &str| match cell.contains([',', '"', '\n']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.to_owned(),
        };
        self.lines(|cells| cells.map(quoted).collect::<Vec<_>>().join(","))
    }

    /// The same as Markdown.
    pub fn to_markdown(&self) -> String {
        let rules = self.columns.iter().map(|column| match column.align {
            Align::Left => "---",
            Align::Right => "---:",
        });
        let rules: Vec<&str> = rules.collect();
        let row = |cells: &mut dyn Iterator<Item = &str>| {
            let cells: Vec<String> = cells.map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |", cells.join(" | "))
        };
        let mut lines = self.lines(row);
        let header = lines.find('\n').map_or(lines.len(), |end| end + 1);
        lines.insert_str(header, &format!("| {} |\n", rules.join(" | ")));
        lines
    }

    /// Header and rows, each as `print` has it.
    fn lines(&self, print: impl Fn(&mut dyn Iterator<Item = &str>) -> String) -> String {
        let header = print(&mut self.columns.iter().map(|column| column.header.as_str()));
        let rows = self
            .rows
            .iter()
            .map(|row| print(&mut row.iter().map(String::as_str)));
        let lines = std::iter::once(header).chain(rows);
        lines.map(|line| line + "\n").collect()
    }

    fn widths(&self) -> Vec<usize> {
        let column = |index: usize| {
            let cells = self.rows.iter().map(move |row| row[index].as_str());
            let widest = cells.map(width).max().unwrap_or(0);
            widest.max(width(&self.columns[index].header))
        };
        (0..self.columns.len()).map(column).collect()
    }

    fn line<'t>(&self, widths: &[usize], cells: impl Iterator<Item = &'t str>) -> String {
        let padded: Vec<String> = cells
            .zip(widths.iter().zip(&self.columns))
            .map(|(cell, (&width, column))| match column.align {
                Align::Left => format!("{cell:<width$}"),
                Align::Right => format!("{cell:>width$}"),
            })
            .collect();
        padded.join("  ").trim_end().to_owned()
    }
}

/// Characters, which is what a terminal shows for the letters and signs of reports.
fn width(cell: &str) -> usize {
    cell.chars().count()
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let headers = self.columns.iter().map(|column| column.header.as_str());
        writeln!(f, "{}", self.line(&widths, headers))?;
        let rules: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
        writeln!(f, "{}", self.line(&widths, rules.iter().map(String::as_str)))?;
        for row in &self.rows {
            writeln!(f, "{}", self.line(&widths, row.iter().map(String::as_str)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, Table};

    fn table() -> Table {
        Table::new([
            Column::words("norm"),
            Column::numbers("acc %"),
            Column::words("note"),
        ])
    }

    #[test]
    fn aligns_by_characters_and_trims_the_end() {
        let mut table = table();
        table.row(["γ = 0.1", "67.2 ± 1.3", ""]);
        table.row(["none", "9.5", "slow"]);
        let lines = [
            "norm          acc %  note",
            "-------  ----------  ----",
            "γ = 0.1  67.2 ± 1.3",
            "none            9.5  slow",
        ];
        assert_eq!(table.to_string(), lines.join("\n") + "\n");
    }

    #[test]
    fn csv_quotes_and_markdown_aligns() {
        let mut table = table();
        table.row(["h=batch, x=none", "67.2", "a \"b\" | c"]);
        assert_eq!(
            table.to_csv(),
            "norm,acc %,note\n\"h=batch, x=none\",67.2,\"a \"\"b\"\" | c\"\n"
        );
        assert_eq!(
            table.to_markdown(),
            "| norm | acc % | note |\n| --- | ---: | --- |\n| h=batch, x=none | 67.2 | a \"b\" \\| c |\n"
        );
    }

    #[test]
    fn without_rows_the_header_stands_alone() {
        assert_eq!(table().to_string(), "norm  acc %  note\n----  -----  ----\n");
    }

    #[test]
    #[should_panic(expected = "one cell for each column")]
    fn a_short_row_panics() {
        table().row(["none"]);
    }
}
