//! What is left of a function with mistakes: the part that the compiler can be asked about, and that it says nothing
//! about that was said already.

use syn::{FnArg, PatType, ReturnType, Signature, Type, parse_quote};

use super::{MOST_ARGUMENTS, is_state, output, parameter};
use crate::errors::Errors;
use crate::flavour::Flavour;
use crate::item::{Function, bare, typed};

/// The function with those of its parameters, and with that output, about which nothing was noted.
pub(crate) fn clear_part(flavour: Flavour, function: &Function) -> Function {
    let (mut clear, generic) = (function.clone(), !function.sig.generics.params.is_empty());
    let states = typed(&function.sig).filter(|param| is_state(param) && is_clear(param)).take(1);
    let data = typed(&function.sig).filter(|param| is_data(param) && is_clear(param));
    let arguments = function.arguments().map(|argument| argument.param).filter(|param| is_clear(param));
    let params = data.chain(states).chain(arguments.take(MOST_ARGUMENTS)).filter(|_| !generic);
    clear.sig.inputs = params.cloned().map(FnArg::Typed).collect();
    if generic || noted(|errors| output(flavour, &function.sig, errors)) {
        clear.sig.output = ReturnType::Default;
    }
    clear
}

fn is_clear(param: &PatType) -> bool {
    !noted(|errors| parameter(param, errors))
}

fn is_data(param: &PatType) -> bool {
    matches!(bare(&param.ty), Type::Reference(reference) if reference.mutability.is_none())
}

fn noted(rule: impl FnOnce(&mut Errors)) -> bool {
    let mut errors = Errors::default();
    rule(&mut errors);
    !errors.is_empty()
}

/// Takes by reference what has no size: rustc would tell the same again, at the type and at the pattern.
pub(crate) fn lend_unsized(sig: &mut Signature) {
    for input in &mut sig.inputs {
        if let FnArg::Typed(param) = input
            && is_unsized(&param.ty)
        {
            let ty = &param.ty;
            param.ty = parse_quote!(&(#ty));
        }
    }
}

/// Whether a type is written without a size, whatever is in scope.
pub(super) fn is_unsized(ty: &Type) -> bool {
    let text = matches!(bare(ty), Type::Path(path) if path.qself.is_none() && path.path.is_ident("str"));
    text || matches!(bare(ty), Type::Slice(_) | Type::TraitObject(_))
}
