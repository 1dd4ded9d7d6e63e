//! `bnlstm reproduce`

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use clap::builder::PossibleValuesParser;
use nn::files;

use super::output::line;
use super::{Failure, Stopped};
use crate::data::directory::DataDirectory;
use crate::data::listing::Listing;
use crate::device::DeviceChoice;
use crate::progress::Progress;
use crate::reproduce::{
    ReproduceError, Reproduced, Scale, Setting, Settled, TARGETS, Target, machine, reproduce,
};
use crate::run::Stop;
use crate::runs::Place;

/// All targets.
const ALL: &str = "all";

/// Measures tables and figures of Cooijmans et al. 2016 again: trains what they need, and writes each as
/// a picture or table with its numbers, beside the paper's, into a directory.
///
/// Runs of an earlier call in the same directory are not trained again.
#[derive(Args, Debug)]
pub struct Reproduce {
    /// What to measure.
    #[arg(required = true, value_parser = targets())]
    targets: Vec<String>,
    /// How large.
    #[arg(long, value_enum, default_value = "quick")]
    scale: Scale,
    /// Whose settings at the paper's size.
    #[arg(long, value_enum, default_value = "corrected")]
    settings: Settled,
    /// Directory of data files, which `bnlstm data` lists. What is not there is replaced by embedded or
    /// generated data in the quick form.
    #[arg(long, value_name = "DIR", env = "BNLSTM_DATA")]
    data: Option<PathBuf>,
    /// Leave malformed files of the CNN questions out, and count them, instead of stopping at the first.
    #[arg(long)]
    lenient: bool,
    /// Number of seeds [default: 1 to 3 in the quick form, 1 at the paper's size].
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: Option<u64>,
    /// Directory for results and runs [default: runs/reproduce-SCALE].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Names of targets, with what they show.
fn targets() -> PossibleValuesParser {
    let named = TARGETS
        .iter()
        .map(|target| clap::builder::PossibleValue::new(target.name).help(target.title));
    PossibleValuesParser::new(named.chain([clap::builder::PossibleValue::new(ALL).help("all of them")]))
}

impl Reproduce {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        let start = Instant::now();
        let setting = Setting {
            scale: self.scale,
            settled: self.settings,
            data: self.data.clone(),
            lenient: self.lenient,
            seeds: self.seeds,
        };
        let root = match (&self.out, self.scale) {
            (Some(out), _) => out.clone(),
            (None, Scale::Quick) => PathBuf::from("runs/reproduce-quick"),
            (None, Scale::Paper) => PathBuf::from("runs/reproduce-paper"),
        };
        if let Some(data) = &self.data {
            // What is not there, or not whole, is replaced by other data in the quick form.
            let listing = Listing::of(Some(&DataDirectory::open(data)?))?;
            line(format_args!("{}", listing.table().to_string().trim_end()))?;
        }
        let mut reproduced = Vec::new();
        let progress = Progress::stderr();
        let stop = Stop::by_signals();
        let place = Place {
            root: &root,
            force: false,
            device,
            progress: &progress,
            stop: &|| stop.why(),
        };
        let end = reproduce::<Failure>(&self.chosen(), &setting, &place, &mut |one| {
            save(&one, &root)?;
            show(&one, &root)?;
            reproduced.push(one);
            let page = page(&reproduced, device);
            Ok(files::write_atomically(
                root.join(self.page_name()),
                page.as_bytes(),
            )?)
        });
        end.map_err(|failure| match failure.downcast::<ReproduceError>() {
            Ok(error) => match error.stopped() {
                Some(why) => Failure::from(Stopped::resumable(why, &root)),
                None => error,
            },
            Err(failure) => failure,
        })?;
        let claims = reproduced.iter().flat_map(|one| &one.report.claims);
        let (seen, all) = claims.fold((0, 0), |(seen, all), claim| {
            (seen + usize::from(claim.seen), all + 1)
        });
        let claims = match all {
            0 => String::new(),
            all => format!("{seen} of {all} claims seen; "),
        };
        line(format_args!(
            "{claims}results in {}, {:.0} s",
            root.display(),
            start.elapsed().as_secs_f64()
        ))?;
        Ok(())
    }

    /// The page with all that a call has measured.
    fn page_name(&self) -> String {
        match self.targets.iter().any(|name| name == ALL) {
            true => "report.md".to_owned(),
            false => format!("report-{}.md", self.targets.join("-")),
        }
    }

    fn chosen(&self) -> Vec<&'static Target> {
        let named = |target: &&Target| self.targets.iter().any(|name| name == target.name || name == ALL);
        TARGETS.iter().filter(named).collect()
    }
}

/// Writes the pictures and the table, each with its numbers as CSV.
fn save(one: &Reproduced, root: &Path) -> Result<(), Failure> {
    for (name, picture) in &one.report.pictures {
        for extension in ["png", "svg", "csv"] {
            picture.save(&root.join(format!("{name}.{extension}")))?;
        }
    }
    if let Some(table) = &one.report.table {
        let name = one.target.name;
        files::write_atomically(root.join(format!("{name}.md")), table.to_markdown().as_bytes())?;
        files::write_atomically(root.join(format!("{name}.csv")), table.to_csv().as_bytes())?;
    }
    Ok(())
}

/// Says what it has come to.
fn show(one: &Reproduced, root: &Path) -> Result<(), Failure> {
    line(format_args!("\n{}", one.target.title))?;
    if let Some(table) = &one.report.table {
        line(format_args!("{}", table.to_string().trim_end()))?;
    }
    for note in &one.report.notes {
        line(format_args!("  {note}"))?;
    }
    for claim in &one.report.claims {
        line(format_args!("  {claim}"))?;
    }
    for (name, _) in &one.report.pictures {
        line(format_args!("  {}", root.join(format!("{name}.png")).display()))?;
    }
    Ok(())
}

/// One page with everything.
fn page(reproduced: &[Reproduced], device: DeviceChoice) -> String {
    let mut page = String::from("# Recurrent Batch Normalization, measured again\n");
    for one in reproduced {
        let _ = writeln!(page, "\n## {}\n", one.target.title);
        if let Some(table) = &one.report.table {
            let _ = writeln!(page, "{}", table.to_markdown());
        }
        for (name, _) in &one.report.pictures {
            let _ = writeln!(page, "![{}]({name}.png)\n", one.target.title);
        }
        for note in &one.report.notes {
            let _ = writeln!(page, "{note}\n");
        }
        for claim in &one.report.claims {
            let _ = writeln!(page, "* {claim}");
        }
    }
    let _ = writeln!(page, "\nMeasured on {}.", machine(device));
    page
}
