use job_runtime::periodic;

macro_rules! job {
    ($name:ident, $every:expr, $parameter:ty, $output:ty) => {
        #[periodic(every = $every)]
        fn $name(parameter: $parameter) -> $output {
            let _ = parameter;
            loop {}
        }
    };
}

job!(number, 600, u8, ());
job!(no_unit, "10", u8, ());
job!(argument, "10m", f64, ());
job!(state, "10m", &mut std::rc::Rc<u8>, ());
job!(data, "10m", &std::cell::Cell<u8>, ());
job!(output, "10m", u8, u32);

fn main() {}
