//! Tells the code which Python it is compiled for: some of it reads objects where that version keeps them.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
