//! The federation as the first page of the console shows it.

use std::sync::Arc;

use axum::extract::State as Shared;
use lapor_protocol::ids::InstanceKind;
use lapor_web::{Json, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::Caller;
use super::{Answer, picture};
use crate::console::Console;
use crate::watch::{Bounds, Instance, State};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Narrowed {
    /// Only institutions of this colour.
    #[param(inline)]
    state: Option<State>,
    /// Only institutions of this kind, such as `kabupaten`.
    #[param(value_type = Option<String>)]
    kind: Option<InstanceKind>,
    /// Only institutions of this province, by its official code of two digits.
    province: Option<String>,
}

/// All institutions at one moment.
#[derive(Serialize, ToSchema)]
pub struct Federation {
    /// Unix ms; when the hub looked.
    at: i64,
    /// How many institutions of the answer have each colour.
    counts: Counts,
    /// By their slug.
    instances: Vec<Instance>,
    /// Where each colour begins.
    bounds: Bounds,
}

#[derive(Default, Serialize, ToSchema)]
pub struct Counts {
    grey: usize,
    green: usize,
    yellow: usize,
    red: usize,
}

impl Counts {
    fn count(&mut self, state: State) {
        *match state {
            State::Grey => &mut self.grey,
            State::Green => &mut self.green,
            State::Yellow => &mut self.yellow,
            State::Red => &mut self.red,
        } += 1;
    }
}

/// Read the federation
///
/// Every institution with its colour and the reasons for it, as the hub last looked, which it does
/// every two seconds. The rules are those of `[watch]` in `hub.toml`.
#[utoipa::path(
    get,
    path = "/federation",
    operation_id = "readFederation",
    tag = "federation",
    params(Narrowed),
    responses((status = 200, description = "The federation.", body = Federation)),
    security(("token" = []))
)]
pub async fn read(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    Query(asked): Query<Narrowed>,
) -> Answer<Json<Federation>> {
    let picture = picture(&console)?;
    let wanted = |of: &&Instance| {
        let province = of.region.as_ref();
        let province = province.and_then(|code| code.as_str().split('.').next());
        asked.state.is_none_or(|state| state == of.health.state)
            && asked.kind.is_none_or(|kind| kind == of.kind)
            && asked
                .province
                .as_deref()
                .is_none_or(|code| province == Some(code))
    };
    let instances: Vec<Instance> = picture.instances.values().filter(wanted).cloned().collect();
    let mut counts = Counts::default();
    for instance in &instances {
        counts.count(instance.health.state);
    }
    Ok(Json(Federation {
        at: picture.at,
        counts,
        instances,
        bounds: console.hub.settings().watch,
    }))
}
