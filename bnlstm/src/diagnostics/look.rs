//! A look inside a pass.

use kernels::Real;
use nn::params::ParamStore;
use nn::watch::{Gate, Moments, Watch};

use super::gates::Gates;
use super::moments::Sites;
use super::{Diagnostics, SiteMoments};

/// Counts gates and keeps moments while a pass goes on.
#[derive(Debug, Default)]
pub(crate) struct Look<T: Real> {
    gates: Gates,
    sites: Sites<T>,
}

impl<'t, T: Real> Watch<'t, T> for Look<T> {
    fn gate(&mut self, gate: &Gate<'_, T>) {
        self.gates.put(gate);
    }

    fn moments(&mut self, path: &str, moments: &Moments<'_, 't, T>) {
        self.sites.put(path, moments);
    }
}

impl<T: Real> Look<T> {
    /// What it has seen, with the gradient norms of the same pass and the population statistics of
    /// `store`; of no update.
    pub(crate) fn diagnostics(&self, gradient_norms: &[f64], store: &ParamStore<T>) -> Diagnostics {
        let sites: Vec<SiteMoments> = self.sites.beside(store);
        Diagnostics {
            gradient_norms: gradient_norms.iter().map(|&norm| norm as f32).collect(),
            gates: self.gates.shares(),
            sites,
            updates: Vec::new(),
        }
    }
}
