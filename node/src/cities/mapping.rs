//! The services of a city, and what each of them is here.

use lapor_protocol::kinds::Category;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Cities, CitySettings};

/// A service of a city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CityService {
    /// Its `service_code`.
    pub code: String,
    /// As the city calls it; `null` where it has not told.
    pub name: Option<String>,
    /// The category that it is here; `null` where it is not mapped.
    #[schema(value_type = Option<String>)]
    pub category: Option<Category>,
    /// The city has told its services, and has none of this code.
    pub unknown: bool,
}

impl CitySettings {
    /// Asks the city for its services: the code and name of each. The error is what it, the network or
    /// the settings say.
    pub async fn ask_services(&self) -> Result<Vec<(String, String)>, String> {
        let cities = Cities::of(std::slice::from_ref(self));
        let cities = cities.map_err(|error| error.to_string())?;
        match cities.named(&self.name) {
            Some(city) => city.services().await,
            None => Ok(Vec::new()),
        }
    }

    /// What the services of the city are here: all of them where it has told them, else those that are
    /// mapped.
    pub fn services_here(&self, told: Option<&[(String, String)]>) -> Vec<CityService> {
        let known = |code: &str| told.is_some_and(|told| told.iter().any(|(own, _)| own == code));
        let own = told.unwrap_or_default().iter();
        let own = own.map(|(code, name)| CityService {
            code: code.clone(),
            name: Some(name.clone()),
            category: self.category(code).cloned(),
            unknown: false,
        });
        let mapped = self.map.iter().filter(|mapped| !known(&mapped.code));
        let rest = mapped.map(|mapped| CityService {
            code: mapped.code.clone(),
            name: None,
            category: Some(mapped.category.clone()),
            unknown: told.is_some(),
        });
        own.chain(rest).collect()
    }
}
