//! What files mean.
