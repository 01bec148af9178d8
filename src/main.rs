use clap::Parser;
#[derive(Parser)]
struct A { #[command(flatten)] s: slx::server::Settings }
fn main() {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let a = A::parse();
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(slx::server::run(a.s)).unwrap();
}
