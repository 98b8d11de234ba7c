//! The functions of a job in a queue that put it there.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use crate::expand::place::local;
use crate::expand::{Job, arguments};

pub(super) fn functions(job: &Job<'_>) -> TokenStream {
    let (one, all) = (enqueue(job), enqueue_all(job));
    quote!(#one #all)
}

fn enqueue(job: &Job<'_>) -> TokenStream {
    let (output, place) = job.output();
    let (private, vis) = (job.private(place.first), &job.function.vis);
    let (params, kept, names) = (arguments::parameters(job), arguments::kept(job), arguments::written_names(job));
    let call = call(job, "enqueue", &output, quote!(#names, #kept));
    let doc = format!(
        "Puts `{}()` into its queue when it is awaited; before that it can be said when it is to run, what goes before \
         it, and what keeps it out. What was answered stays, whatever becomes of this process.\n\n\
         The arguments are written as JSON, each by its name. What is wrong with them is told when it is awaited.",
        job.function.name()
    );
    quote_spanned! {place.first=>
        #[doc = #doc]
        #vis fn enqueue(#params) -> #private::Enqueue<#output> {
            #call
        }
    }
}

fn enqueue_all(job: &Job<'_>) -> TokenStream {
    let (output, place) = job.output();
    let (private, vis, all) = (job.private(place.first), &job.function.vis, local("all"));
    let (item, pattern) = (arguments::item(job), arguments::pattern(job));
    let (kept, names) = (arguments::kept(job), arguments::written_names(job));
    let each = quote_spanned! {place.first=>
        ::core::iter::Iterator::map(::core::iter::IntoIterator::into_iter(#all), |#pattern| #kept)
    };
    let call = call(job, "enqueue_all", &output, quote!(#names, #each));
    let doc = format!(
        "Puts `{}()` into its queue once for each of these, in one go: {}. Otherwise as `enqueue`.",
        job.function.name(),
        arguments::item_in_words(job)
    );
    quote_spanned! {place.first=>
        #[doc = #doc]
        #[allow(clippy::type_complexity)]
        #vis fn enqueue_all(
            #all: impl ::core::iter::IntoIterator<Item = #item>
        ) -> #private::Enqueue<#output, ::std::vec::Vec<#private::Enqueued>> {
            #call
        }
    }
}

/// Calls the runtime with the type beside the function, the arguments and the output.
fn call(job: &Job<'_>, name: &str, output: &TokenStream, arguments: TokenStream) -> TokenStream {
    let place = job.output().1;
    let (private, name) = (job.private(place.first), Ident::new(name, place.first));
    place.call_with(&quote_spanned!(place.first=> #private::control::#name), &quote!(Self, _, #output), arguments)
}
