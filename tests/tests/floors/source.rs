//! The source of a crate, read as words: comments are gone, and what stands in strings is no code.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

pub(crate) struct Source {
    /// Below `src`, with `/`.
    pub(crate) file: String,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn tokens(&self) -> Vec<Token> {
        let mut tokens = Vec::new();
        match self.text.parse::<TokenStream>() {
            Ok(stream) => flatten(stream, &mut tokens),
            Err(error) => panic!("{}: {error}", self.file),
        }
        tokens
    }

    pub(crate) fn words(&self) -> Vec<String> {
        self.tokens().into_iter().map(|token| token.text).collect()
    }

    /// The path of the module that the file holds, without `crate`.
    pub(crate) fn path(&self) -> Vec<String> {
        let path = self.file.strip_suffix(".rs").unwrap_or(&self.file);
        match path {
            "lib" => Vec::new(),
            "no_signals" => vec!["signals".to_owned()],
            _ => path.strip_suffix("/mod").unwrap_or(path).split('/').map(str::to_owned).collect(),
        }
    }
}

/// A token, and in how many modules within its file it stands.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) depth: usize,
}

/// Comments are gone, documentation and strings are literals: what is left is code. `::` is one token.
fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    flatten_at(stream, 0, tokens);
}

fn flatten_at(stream: TokenStream, depth: usize, tokens: &mut Vec<Token>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let module = open == "{" && matches!(tokens.as_slice(), [.., word, _] if word.text == "mod");
                tokens.push(Token { text: open.to_owned(), depth });
                flatten_at(group.stream(), depth + usize::from(module), tokens);
                tokens.push(Token { text: close.to_owned(), depth });
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' && tokens.last().is_some_and(|last| last.text == ":") => {
                if let Some(last) = tokens.last_mut() {
                    last.text.push(':');
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {
                tokens.push(Token { text: tree.to_string(), depth });
            }
        }
    }
}

pub(crate) fn runtime() -> Vec<Source> {
    sources_of("job-runtime/src")
}

pub(crate) fn sources_of(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    assert!(!files.is_empty(), "there are no files in {}", root.display());
    files.sort();
    let read = |path: PathBuf| Source {
        text: fs::read_to_string(&path).expect("it is listed"),
        file: path.strip_prefix(&root).expect("it is below").to_string_lossy().replace('\\', "/"),
    };
    files.into_iter().map(read).collect()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
