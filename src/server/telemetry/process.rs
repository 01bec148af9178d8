//! What is exported of the process, by the names that Prometheus' own client libraries use.

use std::fs;

use super::metric::{Metric, Sample, counter, gauge};

/// What the process takes; of a system that does not say, nothing.
pub(super) fn metrics() -> Vec<Metric> {
    let mut metrics = Vec::new();
    if let Some((cpu, resident)) = read() {
        let help = "Processor time used, in seconds";
        metrics.push(counter("process_cpu_seconds", help, Sample::fraction(cpu)));
        let help = "Bytes of memory that are resident";
        metrics.push(gauge("process_resident_memory_bytes", help, Sample::one(resident)));
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        let help = "Files and connections that are open";
        metrics.push(gauge("process_open_fds", help, Sample::one(open.count() as u64)));
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    if let Some(limit) = limit {
        let help = "Files and connections that may be open";
        metrics.push(gauge("process_max_fds", help, Sample::one(limit)));
    }
    metrics
}

/// Seconds of processor time, and bytes resident: fields 14, 15 and 24 of proc(5)'s `stat`.
fn read() -> Option<(f64, u64)> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the process, in parentheses, may hold anything.
    let (_, after_name) = stat.rsplit_once(')')?;
    let field = |number: usize| after_name.split_whitespace().nth(number - 3)?.parse::<u64>().ok();
    let ticks = field(14)?.saturating_add(field(15)?);
    let cpu = ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
    let resident = field(24)?.saturating_mul(rustix::param::page_size() as u64);
    Some((cpu, resident))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_takes_some_memory_and_some_time() {
        let (cpu, resident) = read().unwrap();
        assert!(cpu >= 0.0 && resident > 1_000_000, "{cpu} {resident}");
        assert_eq!(metrics().len(), 4);
    }
}
