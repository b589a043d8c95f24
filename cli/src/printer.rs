//! The only room that prints: results to stdout, everything else to stderr.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{MultiProgress, ProgressDrawTarget};
use owo_colors::{AnsiColors, OwoColorize};
use serde::Serialize;

use crate::args::{Color, Global};
use crate::report::Report;

/// How wide the words in front of notes are, in columns.
const WORD: usize = 8;

/// Form of what goes to stdout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON value.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// YAML.
    Yaml,
    /// One name a line.
    Name,
}

/// Rows for people, objects for programs.
#[derive(Debug)]
pub(crate) struct Listing<'a, T> {
    /// Heads of the columns.
    pub(crate) head: &'a [&'a str],
    /// The objects, as the API has them.
    pub(crate) items: &'a [T],
    /// The cells of an object.
    pub(crate) cells: fn(&T) -> Vec<String>,
    /// What `--format name` prints of it.
    pub(crate) name: fn(&T) -> String,
}

/// Prints, in the form and at the loudness that were asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    format: Format,
    quiet: bool,
    verbose: u8,
    progress: bool,
}

#[expect(clippy::unused_self, reason = "who prints needs the printer: nobody prints on the side")]
impl Printer {
    /// A printer as the flags want it.
    pub(crate) fn new(flags: &Global, no_progress: bool) -> Self {
        match flags.color {
            // anstream itself honours NO_COLOR and CLICOLOR_FORCE.
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        Self {
            format: flags.format,
            quiet: flags.quiet,
            verbose: flags.verbose,
            progress: !(flags.no_progress || no_progress),
        }
    }

    /// The form of what goes to stdout.
    pub(crate) const fn format(self) -> Format {
        self.format
    }

    /// Prints one line of data to stdout.
    ///
    /// # Errors
    ///
    /// When stdout takes no more.
    pub(crate) fn line(self, text: &str) -> io::Result<()> {
        writeln!(anstream::stdout(), "{}", calm(text))
    }

    /// Prints text as it is to stdout.
    ///
    /// # Errors
    ///
    /// When stdout takes no more.
    pub(crate) fn raw(self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Prints one value: for people its lines, for programs the value.
    ///
    /// # Errors
    ///
    /// When stdout takes no more.
    pub(crate) fn value<T: Serialize>(
        self,
        value: &T,
        name: &str,
        lines: impl FnOnce() -> Vec<String>,
    ) -> io::Result<()> {
        match self.format {
            Format::Table => lines().iter().try_for_each(|line| self.line(line)),
            Format::Json => self.raw(&(serde_json::to_string_pretty(value)? + "\n")),
            Format::Jsonl => self.raw(&(serde_json::to_string(value)? + "\n")),
            Format::Yaml => self.raw(&yaml(value)?),
            Format::Name => self.line(name),
        }
    }

    /// Prints a list: for people a table, for programs the objects.
    ///
    /// # Errors
    ///
    /// When stdout takes no more.
    pub(crate) fn list<T: Serialize>(self, list: &Listing<'_, T>) -> io::Result<()> {
        match self.format {
            Format::Table if list.items.is_empty() => Ok(()),
            Format::Table => {
                let rows = list.items.iter().map(list.cells);
                columns(list.head, rows).iter().try_for_each(|line| self.line(line))
            }
            Format::Json => self.raw(&(serde_json::to_string_pretty(list.items)? + "\n")),
            Format::Jsonl => list
                .items
                .iter()
                .try_for_each(|item| self.raw(&(serde_json::to_string(item)? + "\n"))),
            Format::Yaml => self.raw(&yaml(&list.items)?),
            Format::Name => list.items.iter().try_for_each(|item| self.line(&(list.name)(item))),
        }
    }

    /// Tells the course of things on stderr, unless quiet: `source   podman: a/b:v1`.
    pub(crate) fn note(self, word: &str, text: &str) {
        if !self.quiet {
            err(&format!("{:WORD$} {}", word.bold(), calm(text)));
        }
    }

    /// Warns on stderr, also when quiet.
    pub(crate) fn warn(self, text: &str) {
        err(&format!("{} {}", "warning:".color(AnsiColors::Yellow), calm(text)));
    }

    /// Gives a hint on stderr, unless quiet.
    pub(crate) fn hint(self, text: &str) {
        if !self.quiet {
            err(&format!("{} {}", "hint:".color(AnsiColors::Cyan), calm(text)));
        }
    }

    /// Says a detail on stderr, with `-v`.
    pub(crate) fn detail(self, text: &str) {
        if self.verbose > 0 && !self.quiet {
            err(&calm(text).dimmed().to_string());
        }
    }

    /// Where progress bars go; they are hidden when quiet, without a terminal, or when unwanted.
    pub(crate) fn bars(self) -> MultiProgress {
        let target = if self.bars_hidden() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        MultiProgress::with_draw_target(target)
    }

    /// Whether bars are hidden, so that lines should tell the progress.
    pub(crate) fn bars_hidden(self) -> bool {
        self.quiet || !self.progress || !io::stderr().is_terminal()
    }

    /// Asks for `yes` on the terminal.
    ///
    /// # Errors
    ///
    /// When the terminal is gone.
    pub(crate) fn ask(self, question: &str) -> io::Result<bool> {
        self.prompt(&format!("{} [y/N] ", calm(question)))?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Puts a question on the terminal, without a line end.
    ///
    /// # Errors
    ///
    /// When the terminal is gone.
    pub(crate) fn prompt(self, question: &str) -> io::Result<()> {
        write!(anstream::stderr(), "{question}")?;
        io::stderr().flush()
    }

    /// Prints how a command failed, to stderr.
    pub(crate) fn failure(self, report: &Report) {
        if self.format == Format::Json || self.format == Format::Jsonl {
            err(&report.json().to_string());
            return;
        }
        for (word, text) in report.lines() {
            let text = calm(&text);
            err(&match word {
                "error" => format!("{} {text}", "error:".color(AnsiColors::Red).bold()),
                "hint" => format!("  {} {text}", "hint:".color(AnsiColors::Cyan)),
                _ => format!("  {word}: {text}"),
            });
        }
    }
}

/// A line on stderr. That nobody reads it is no reason to stop.
fn err(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Text of others without the characters that would steer the terminal. Colours are put around
/// it afterwards.
fn calm(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n')).collect()
}

/// A table as lines: bare columns, cut to the terminal's width, whole anywhere else.
pub(crate) fn columns(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if head.iter().any(|name| !name.is_empty()) {
        table.set_header(head.iter().copied());
    }
    for row in rows {
        table.add_row(row.into_iter().map(|cell| calm(&cell.replace(['\n', '\t'], " "))));
    }
    if io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_truncation_indicator("…");
        for row in table.row_iter_mut() {
            row.max_height(1);
        }
    } else {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

fn yaml<T: Serialize>(value: &T) -> io::Result<String> {
    serde_saphyr::to_string(value).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_what_the_eye_sees() {
        let rows = [
            vec!["a/消息".to_owned(), "one\ntwo".to_owned()],
            vec!["labring/mysql-op".to_owned(), "x".to_owned()],
        ];
        let lines = columns(&["NAME", "DESCRIPTION"], rows);
        assert_eq!(
            lines,
            ["NAME              DESCRIPTION", "a/消息            one two", "labring/mysql-op  x"]
        );
    }

    #[test]
    fn text_of_others_cannot_steer_the_terminal() {
        assert_eq!(calm("a\u{1b}[31mb\r\u{7}c\n"), "a[31mbc\n");
    }
}
