//! From normalizations at sites to the layers of a cell.

use kernels::Real;
use nn::lstm::LstmSites;
use nn::norm::Normalizer;
use nn::params::Scope;

use super::{NotAvailable, Place, Sites};
use crate::cell::{Cell, Site};

impl Sites {
    /// The normalizers of an LSTM with `hidden_size` units for sequences of `steps` steps.
    ///
    /// The terms that go into the gates have no `β` of their own: the LSTM's bias serves both
    /// (Cooijmans et al. 2016, section 3).
    ///
    /// # Errors
    /// If there is no layer for one of them, or for the cell.
    pub fn build<T: Real>(
        &self,
        scope: &mut Scope<'_, T>,
        hidden_size: usize,
        steps: usize,
    ) -> Result<LstmSites<T>, NotAvailable> {
        if self.cell() != Cell::Lstm {
            return Err(NotAvailable::new(format!("the cell `{}`", self.cell())));
        }
        let missing = [Site::Sum, Site::Carry, Site::Out];
        if let Some((site, _)) = self.iter().find(|(site, _)| missing.contains(site)) {
            return Err(NotAvailable::new(format!("a normalization at `{site}`")));
        }
        Ok(LstmSites {
            recurrent: self.build_at(Site::H, scope, hidden_size, steps)?,
            input: self.build_at(Site::X, scope, hidden_size, steps)?,
            cell: self.build_at(Site::C, scope, hidden_size, steps)?,
        })
    }

    /// The normalizer at one site, with its parameters below `norm_` and the site's name.
    fn build_at<T: Real>(
        &self,
        site: Site,
        scope: &mut Scope<'_, T>,
        hidden_size: usize,
        steps: usize,
    ) -> Result<Option<Box<dyn Normalizer<T>>>, NotAvailable> {
        let place = Place {
            site,
            features: self.cell().features(site, hidden_size),
            gates: if site.is_gate_term() {
                self.cell().gates()
            } else {
                1
            },
            beta: !site.is_gate_term(),
            steps,
        };
        self.at(site)
            .build(&mut scope.within(&format!("norm_{site}")), place)
    }
}
