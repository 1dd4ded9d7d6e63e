//! Which images, and in which order their pixels are read.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Pixels;
use crate::config::ValueError;
use crate::data::directory::DataDirectory;
use crate::data::images::{ImageSet, Images};
use crate::task::config::TaskSettings;
use crate::task::{PixelOrder, Task, TaskError};

/// The task `digits`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigitsConfig {
    /// The directory of the two files, if they are not the embedded ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// The order of the pixels.
    pub order: PixelOrder,
}

impl TaskSettings for DigitsConfig {
    fn check(&self) -> Result<(), ValueError> {
        let remedy = "this order goes through the 784 pixels of MNIST; give `scan` or `permuted`";
        match self.order {
            PixelOrder::Authors => Err(ValueError::new("task.order", "authors", remedy)),
            PixelOrder::Scan | PixelOrder::Permuted { .. } => Ok(()),
        }
    }

    fn load(&self) -> Result<Box<dyn Task>, TaskError> {
        Ok(Box::new(match &self.data {
            None => Pixels::digits(self.order)?,
            Some(directory) => Pixels::read_digits(directory, self.order)?,
        }))
    }
}

impl fmt::Display for DigitsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "digits, {}", self.order)
    }
}

/// Images in the format of MNIST.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImagesName {
    /// Handwritten digits.
    #[default]
    Mnist,
    /// Pieces of clothing.
    FashionMnist,
}

impl ImagesName {
    fn images(self) -> Images {
        match self {
            Self::Mnist => Images::Mnist,
            Self::FashionMnist => Images::FashionMnist,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Mnist => "MNIST",
            Self::FashionMnist => "Fashion-MNIST",
        }
    }
}

/// The task `smnist`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmnistConfig {
    /// The directory of data files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Which images.
    #[serde(default)]
    pub images: ImagesName,
}

impl TaskSettings for SmnistConfig {
    fn check(&self) -> Result<(), ValueError> {
        Ok(())
    }

    fn load(&self) -> Result<Box<dyn Task>, TaskError> {
        let data = self.data.as_deref();
        Ok(Box::new(mnist(data, self.images, "smnist", PixelOrder::Scan)?))
    }

    fn wants_data(&self) -> bool {
        self.data.is_none()
    }
}

impl fmt::Display for SmnistConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, scan order", self.images.title())
    }
}

/// The task `pmnist`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PmnistConfig {
    /// The directory of data files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Which images.
    #[serde(default)]
    pub images: ImagesName,
    /// The order of the pixels.
    pub order: PixelOrder,
}

impl TaskSettings for PmnistConfig {
    fn check(&self) -> Result<(), ValueError> {
        let remedy = "this is the task smnist; give `permuted` or `authors`";
        match self.order {
            PixelOrder::Scan => Err(ValueError::new("task.order", "scan", remedy)),
            PixelOrder::Permuted { .. } | PixelOrder::Authors => Ok(()),
        }
    }

    fn load(&self) -> Result<Box<dyn Task>, TaskError> {
        let data = self.data.as_deref();
        Ok(Box::new(mnist(data, self.images, "pmnist", self.order)?))
    }

    fn wants_data(&self) -> bool {
        self.data.is_none()
    }
}

impl fmt::Display for PmnistConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.images.title(), self.order)
    }
}

fn mnist(
    data: Option<&Path>,
    images: ImagesName,
    task: &'static str,
    order: PixelOrder,
) -> Result<Pixels, TaskError> {
    let data = data.ok_or(TaskError::NoData { task })?;
    Pixels::mnist(
        task,
        ImageSet::find(&DataDirectory::open(data)?, images.images())?,
        order,
    )
}
