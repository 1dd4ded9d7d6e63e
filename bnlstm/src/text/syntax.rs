//! The grammar, without the meaning of any name: words, signs, calls and settings.

use super::error::{Fault, Problem};

/// A word of the text and the byte where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    pub text: &'a str,
    pub start: usize,
}

/// `name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting<'a> {
    pub name: Word<'a>,
    pub value: Word<'a>,
}

/// `name(option=value,…)`; the parentheses may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call<'a> {
    pub name: Word<'a>,
    pub options: Vec<Setting<'a>>,
}

/// What a text for the sites holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SiteList<'a> {
    /// One call that applies to all sites.
    All(Call<'a>),
    /// A call for each named site.
    Named(Vec<(Word<'a>, Call<'a>)>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Sign(char),
    End,
}

impl Token<'_> {
    fn describe(&self) -> String {
        match self {
            Self::Word(text) => format!("`{text}`"),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end of the text".to_owned(),
        }
    }
}

/// Reads a text from left to right.
pub(crate) struct Parser<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Parser<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    /// One call and nothing after it; `wanted` is what it names.
    pub fn single(mut self, wanted: &'static str) -> Result<Call<'a>, Fault> {
        let name = self.word(wanted)?;
        let call = self.call_named(name)?;
        self.end()?;
        Ok(call)
    }

    /// One call for all sites, or a list of sites with their calls.
    pub fn sites(mut self) -> Result<SiteList<'a>, Fault> {
        let first = self.word("a normalization or a site")?;
        if !self.take('=') {
            let call = self.call_named(first)?;
            self.end()?;
            return Ok(SiteList::All(call));
        }
        let mut named = vec![(first, self.call()?)];
        while self.take(',') {
            let site = self.word("a site")?;
            self.expect('=', "`=` and a normalization")?;
            named.push((site, self.call()?));
        }
        self.end()?;
        Ok(SiteList::Named(named))
    }

    fn call(&mut self) -> Result<Call<'a>, Fault> {
        let name = self.word("a normalization")?;
        self.call_named(name)
    }

    fn call_named(&mut self, name: Word<'a>) -> Result<Call<'a>, Fault> {
        let open = self.peek().1;
        let mut options = Vec::new();
        if !self.take('(') || self.take(')') {
            return Ok(Call { name, options });
        }
        loop {
            options.push(self.setting()?);
            let (token, start) = self.peek();
            if self.take(')') {
                return Ok(Call { name, options });
            }
            if token == Token::End {
                return Err(Fault::at(open, Problem::Unclosed));
            }
            if !self.take(',') {
                return Err(Self::unexpected("`,` or `)`", &token, start));
            }
        }
    }

    fn setting(&mut self) -> Result<Setting<'a>, Fault> {
        let name = self.word("an option")?;
        self.expect('=', "`=` and a value")?;
        let value = self.word("a value")?;
        Ok(Setting { name, value })
    }

    fn word(&mut self, wanted: &'static str) -> Result<Word<'a>, Fault> {
        let (token, start) = self.peek();
        let Token::Word(text) = token else {
            return Err(Self::unexpected(wanted, &token, start));
        };
        self.position = start + text.len();
        Ok(Word { text, start })
    }

    fn expect(&mut self, sign: char, wanted: &'static str) -> Result<(), Fault> {
        if self.take(sign) {
            return Ok(());
        }
        let (token, start) = self.peek();
        Err(Self::unexpected(wanted, &token, start))
    }

    fn end(&mut self) -> Result<(), Fault> {
        let (token, start) = self.peek();
        if token == Token::End {
            return Ok(());
        }
        Err(Self::unexpected("the end of the text", &token, start))
    }

    /// Steps over a sign if it comes next.
    fn take(&mut self, sign: char) -> bool {
        let (token, start) = self.peek();
        let found = token == Token::Sign(sign);
        if found {
            self.position = start + sign.len_utf8();
        }
        found
    }

    /// The next token and the byte where it starts.
    fn peek(&self) -> (Token<'a>, usize) {
        let is_sign = |c: char| matches!(c, '(' | ')' | ',' | '=');
        let rest = self.text[self.position..].trim_start();
        let start = self.text.len() - rest.len();
        let token = match rest.chars().next() {
            None => Token::End,
            Some(sign) if is_sign(sign) => Token::Sign(sign),
            Some(_) => {
                let end = rest.find(|c: char| is_sign(c) || c.is_whitespace());
                Token::Word(&rest[..end.unwrap_or(rest.len())])
            }
        };
        (token, start)
    }

    fn unexpected(wanted: &'static str, found: &Token<'_>, start: usize) -> Fault {
        Fault::at(
            start,
            Problem::Unexpected {
                wanted,
                found: found.describe(),
            },
        )
    }
}
