//! `--redact`: nobody is named, nowhere, and everybody is somebody all the same.

mod complete;
mod free_text;
mod keys;
mod later;
mod people;
mod process;
mod troubles;
