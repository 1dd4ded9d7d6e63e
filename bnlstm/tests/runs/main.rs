//! Tasks, trainers and settings through the library, on small models.

mod carried;
mod learning;
mod long_sequences;
mod padding;
mod passes;
mod reader;
mod settings;
mod several;
mod support;
