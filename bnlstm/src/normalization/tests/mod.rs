mod errors;
mod lists;
mod meaning;
mod round_trip;
