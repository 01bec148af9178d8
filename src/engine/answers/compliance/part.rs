//! Parts of a compliance: what some of its incidents add, added up apart and then to the whole.

use super::Compliance;
use crate::domain::compliance::Coverage;
use crate::engine::answers::credit::{all_attainments, all_experience};
use crate::engine::answers::objective::{Attainment, ExperienceResult};

impl<'c> Compliance<'c> {
    /// A part of it to which no incident is added yet. Nothing but incidents is added to parts.
    pub fn part(&self) -> Compliance<'c> {
        Compliance {
            ruling: self.ruling,
            period: self.period.clone(),
            groups: Default::default(),
            coverage: Coverage::default(),
            attainments: self.attainments.iter().map(Attainment::part).collect(),
            experiences: self.experiences.iter().map(ExperienceResult::part).collect(),
            on_services: Vec::new(),
            credited: self.credited.part(),
            life: self.life,
            contract_id: self.contract_id.clone(),
            group_by: self.group_by.clone(),
            objectives_by: self.objectives_by,
            local_days: self.local_days.clone(),
            known: self.known,
            as_of: self.as_of,
        }
    }

    /// Adds what was added to a part of it.
    pub fn add_part(&mut self, part: Compliance<'_>) {
        let Compliance { groups, coverage, mut attainments, mut experiences, mut credited, .. } =
            part;
        for (key, tally) in groups {
            self.groups.entry(key).or_default().add(&tally);
        }
        self.coverage.add_all(coverage);
        let whole = all_attainments(&mut self.attainments, &mut self.credited);
        for (whole, part) in whole.zip(all_attainments(&mut attainments, &mut credited)) {
            whole.tally.add(&part.tally);
            for (value, tally) in std::mem::take(&mut part.groups) {
                whole.groups.entry(value).or_default().add(&tally);
            }
        }
        let whole = all_experience(&mut self.experiences, &mut self.credited);
        for (whole, part) in whole.zip(all_experience(&mut experiences, &mut credited)) {
            whole.experience_totals.add(&part.experience_totals);
        }
    }
}
