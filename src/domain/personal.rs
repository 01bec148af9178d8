//! Personal texts: what of facts and actions may name a person, or be a note about one.
//!
//! Not among them, so put no person there: ids, groups, third parties, categories, attributes, the
//! reasons that contracts go by, and the systems that report.

use super::incident::{Fact, IncidentEvent};
use super::service::{ServiceEvent, ServiceFact};

/// How what is read in place of an erased text begins.
pub const ERASED: &str = "erased-";

/// Something that holds personal texts.
pub trait Personal: Clone {
    /// Hands out each of them that is not empty, to be read or replaced.
    fn each_personal(&mut self, visit: &mut dyn FnMut(&mut String));

    /// Whether it has any.
    fn has_personal(&self) -> bool;

    /// This as it reads once what `recorded` has lost by erasing is erased here too. Nobody can
    /// know any more whether a text that is sent again is the one that was erased.
    fn erased_as(&self, recorded: &Self) -> Self {
        let mut texts = Vec::new();
        recorded.clone().each_personal(&mut |text| texts.push(text.clone()));
        let (mut erased, mut texts) = (self.clone(), texts.into_iter());
        erased.each_personal(&mut |text| {
            if let Some(before) = texts.next().filter(|before| before.starts_with(ERASED)) {
                *text = before;
            }
        });
        erased
    }
}

/// Hands out a text that is not empty.
pub fn visit_text(text: &mut String, visit: &mut dyn FnMut(&mut String)) {
    if !text.is_empty() {
        visit(text);
    }
}

fn visit_identity(name: &mut Option<Box<str>>, visit: &mut dyn FnMut(&mut String)) {
    if let Some(identity) = name {
        let mut text = std::mem::take(identity).into_string();
        visit_text(&mut text, visit);
        *identity = text.into();
    }
}

impl Personal for IncidentEvent {
    fn each_personal(&mut self, visit: &mut dyn FnMut(&mut String)) {
        match &mut self.fact {
            Fact::Assigned { assignee: Some(assignee), .. } => visit_text(assignee, visit),
            Fact::CauseAttributed(cause) => visit_text(&mut cause.note, visit),
            Fact::ScopeJudged { note, .. } => visit_text(note, visit),
            Fact::ExclusionDecided(decision) => {
                visit_text(&mut decision.decided_by, visit);
                visit_text(&mut decision.reason, visit);
            }
            _ => {}
        }
        visit_identity(&mut self.recorded_by, visit);
    }

    fn has_personal(&self) -> bool {
        use Fact::{Assigned, CauseAttributed, ExclusionDecided, ScopeJudged};
        let may_have = matches!(
            self.fact,
            Assigned { assignee: Some(_), .. }
                | CauseAttributed(_)
                | ScopeJudged { .. }
                | ExclusionDecided(_)
        );
        may_have || self.recorded_by.is_some()
    }
}

impl Personal for ServiceEvent {
    fn each_personal(&mut self, visit: &mut dyn FnMut(&mut String)) {
        match &mut self.fact {
            ServiceFact::OutageAttributed(cause) => visit_text(&mut cause.note, visit),
            ServiceFact::OutageExclusionDecided(decision) => {
                visit_text(&mut decision.decided_by, visit);
                visit_text(&mut decision.reason, visit);
            }
            _ => {}
        }
        visit_identity(&mut self.recorded_by, visit);
    }

    fn has_personal(&self) -> bool {
        self.is_about_exclusion() || self.recorded_by.is_some()
    }
}
