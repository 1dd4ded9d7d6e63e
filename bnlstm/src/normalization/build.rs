//! From normalizations at sites to the layers of a cell.

use kernels::Real;
use nn::cell;
use nn::params::Scope;

use super::{Place, Sites};
use crate::cell::Site;

impl Sites {
    /// The normalizers of a cell with `hidden_size` units for sequences of `steps` steps, with their
    /// parameters below `norm_` and the site's name.
    ///
    /// The terms that go into the gates have no `β` of their own: the cell's bias serves all of them
    /// (Cooijmans et al. 2016, section 3). `forget_bias` is where that of an LSTM's forget gate starts.
    pub fn build<T: Real>(
        &self,
        scope: &mut Scope<'_, T>,
        hidden_size: usize,
        steps: usize,
        forget_bias: f64,
    ) -> cell::Sites<T> {
        let mut sites = cell::Sites::default();
        for (site, normalization) in self.iter() {
            let place = self.place(site, hidden_size, steps, forget_bias);
            let normalizer = normalization.build(&mut scope.within(&format!("norm_{site}")), place);
            sites.set(site, normalizer);
        }
        sites
    }

    /// What a normalizer at a site has to know of the cell, as [`build`](Self::build) is told it.
    pub fn place(&self, site: Site, hidden_size: usize, steps: usize, forget_bias: f64) -> Place {
        let cell = self.cell();
        Place {
            cell,
            site,
            features: cell.features(site, hidden_size),
            gates: if site.is_gate_term() { cell.gates() } else { 1 },
            beta: !site.is_gate_term(),
            steps,
            forget_bias,
        }
    }
}
