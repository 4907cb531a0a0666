use unicode_width::UnicodeWidthStr;

/// Rows of columns for people, aligned by the width on the screen (a CJK letter has two cells, a combining mark none).
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with headings.
    pub(super) fn new<const N: usize>(headings: [String; N]) -> Self {
        Self {
            rows: vec![headings.into()],
        }
    }

    /// Adds a row.
    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Its lines, without white space at their ends.
    pub(super) fn lines(&self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                self.rows
                    .iter()
                    .filter_map(|row| row.get(column))
                    .map(|cell| cell.width())
                    .max()
                    .unwrap_or_default()
            })
            .collect();
        self.rows
            .iter()
            .map(|row| {
                let mut line = String::new();
                for (cell, width) in row.iter().zip(&widths) {
                    line.push_str(cell);
                    line.push_str(&" ".repeat(width - cell.width() + 2));
                }
                line.trim_end().to_owned()
            })
            .collect()
    }
}

/// A name and its value a line, the values aligned.
pub(super) fn pairs(pairs: &[(String, String)]) -> Vec<String> {
    let widest = pairs.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
    pairs
        .iter()
        .flat_map(|(name, value)| {
            let mut parts = value.lines();
            let first = parts.next().unwrap_or_default();
            let head = format!("{name}{}  {first}", " ".repeat(widest - name.width()))
                .trim_end()
                .to_owned();
            let rest = parts
                .map(|part| format!("{}  {part}", " ".repeat(widest)))
                .collect::<Vec<_>>();
            std::iter::once(head).chain(rest)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_width() {
        let mut table = Table::new(["Имя".to_owned(), "B".to_owned()]);
        table.row(["a".to_owned(), "long".to_owned()]);
        table.row(["漢字".to_owned(), String::new()]);
        assert_eq!(table.lines(), ["Имя   B", "a     long", "漢字"]);
    }

    #[test]
    fn values_of_several_lines_stay_in_their_column() {
        let lines = pairs(&[("a".to_owned(), "1\n2".to_owned()), ("long".to_owned(), "3".to_owned())]);
        assert_eq!(lines, ["a     1", "      2", "long  3"]);
    }
}
