//! The order of starts. A start cannot fail half way here, as `start_link` can: what could is found before, and then
//! nothing is started.

use crate::crew::{services, told, with};
use crate::stage::auto;

services![last_by_name, middle_by_name, first_by_name];
job_runtime::group!(pub IN_ORDER = [middle_by_name, last_by_name, first_by_name]);

#[tokio::test(start_paused = true)]
async fn start_order_of_a_group_is_that_of_its_members() {
    let (jobs, _cues) = with(&["first_by_name", "middle_by_name", "last_by_name"], |jobs| jobs).await;
    let expected = ["0ms middle_by_name started", "0ms last_by_name started", "0ms first_by_name started"];
    assert_eq!(told(&jobs), expected);
}

/// In OTP the children that were started before one that cannot be are stopped again.
#[tokio::test(start_paused = true)]
async fn start_order_is_not_begun_when_one_member_cannot_start() {
    let refused = auto(&["first_by_name", "middle_by_name"]).on_event(|event| panic!("{event:?}")).try_start().await;
    let error = refused.expect_err("its data is missing");
    assert!(error.is_configuration(), "{error}");
    assert!(error.to_string().contains("Cues"), "{error}");
}
