//! What may not stand inside the types of a signature: borrowed things and `impl Trait`.

use syn::{GenericArgument, Lifetime, Path, PathArguments, Type, TypeImplTrait, TypeParamBound, TypeReference};

use crate::errors::Errors;

/// Notes what keeps a type from being kept by the runtime.
pub(crate) fn owned(ty: &Type, errors: &mut Errors) {
    walk(ty, &mut |flaw| match flaw {
        Flaw::Reference(reference) => {
            errors.at(
                reference,
                "what the runtime keeps holds no references: use an owned type such as `String` or `Arc<T>`",
            );
        }
        Flaw::Lifetime(lifetime) => {
            errors.at(lifetime, "what the runtime keeps holds no lifetime but `'static`: use an owned type");
        }
        Flaw::Impl(opaque) => errors.at(opaque, "a job has no `impl Trait`: write the type out, or take `&dyn Trait`"),
    });
}

/// Notes what keeps a type from outliving the run that returns it.
pub(crate) fn returned(ty: &Type, errors: &mut Errors) {
    walk(ty, &mut |flaw| match flaw {
        Flaw::Reference(reference) => {
            errors.at(reference, "a job returns nothing borrowed: return `()` or `Result<T, E>` of owned types");
        }
        Flaw::Lifetime(lifetime) => {
            errors.at(lifetime, "a job returns nothing borrowed: return `()` or `Result<T, E>` of owned types");
        }
        Flaw::Impl(opaque) => {
            errors.at(opaque, "`impl Trait` hides what a job returns: write `async fn`, and `()` or `Result<T, E>`");
        }
    });
}

enum Flaw<'t> {
    /// A reference that is not `'static`.
    Reference(&'t TypeReference),
    /// A lifetime that is not `'static`.
    Lifetime(&'t Lifetime),
    Impl(&'t TypeImplTrait),
}

/// Goes into a type, but not into signatures such as `fn(&str)` and `Fn(&str)`, whose references are their own.
fn walk<'t>(ty: &'t Type, note: &mut impl FnMut(Flaw<'t>)) {
    match ty {
        Type::Array(array) => walk(&array.elem, note),
        Type::Slice(slice) => walk(&slice.elem, note),
        Type::Group(group) => walk(&group.elem, note),
        Type::Paren(paren) => walk(&paren.elem, note),
        Type::Ptr(pointer) => walk(&pointer.elem, note),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|element| walk(element, note)),
        Type::Reference(reference) => walk_reference(reference, note),
        Type::ImplTrait(opaque) => note(Flaw::Impl(opaque)),
        Type::TraitObject(object) => object.bounds.iter().for_each(|bound| walk_bound(bound, note)),
        Type::Path(path) => {
            path.qself.iter().for_each(|qself| walk(&qself.ty, note));
            walk_path(&path.path, note);
        }
        Type::FnPtr(_) | Type::Infer(_) | Type::Macro(_) | Type::Never(_) | Type::Verbatim(_) | _ => {}
    }
}

fn walk_reference<'t>(reference: &'t TypeReference, note: &mut impl FnMut(Flaw<'t>)) {
    if reference.lifetime.as_ref().is_none_or(|lifetime| !is_static(lifetime)) {
        return note(Flaw::Reference(reference));
    }
    walk(&reference.elem, note);
}

fn walk_bound<'t>(bound: &'t TypeParamBound, note: &mut impl FnMut(Flaw<'t>)) {
    if let TypeParamBound::Lifetime(lifetime) = bound {
        walk_lifetime(lifetime, note);
    }
    // The lifetimes of `dyn for<'a> Visit<'a>` are its own.
    if let TypeParamBound::Trait(bound) = bound
        && bound.lifetimes.is_none()
    {
        walk_path(&bound.path, note);
    }
}

fn walk_path<'t>(path: &'t Path, note: &mut impl FnMut(Flaw<'t>)) {
    for segment in &path.segments {
        if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
            arguments.args.iter().for_each(|argument| walk_argument(argument, note));
        }
    }
}

fn walk_argument<'t>(argument: &'t GenericArgument, note: &mut impl FnMut(Flaw<'t>)) {
    match argument {
        GenericArgument::Lifetime(lifetime) => walk_lifetime(lifetime, note),
        GenericArgument::Type(ty) => walk(ty, note),
        GenericArgument::AssocType(binding) => walk(&binding.ty, note),
        GenericArgument::Constraint(constraint) => constraint.bounds.iter().for_each(|bound| walk_bound(bound, note)),
        GenericArgument::Const(_) | GenericArgument::AssocConst(_) | _ => {}
    }
}

fn walk_lifetime<'t>(lifetime: &'t Lifetime, note: &mut impl FnMut(Flaw<'t>)) {
    if !is_static(lifetime) {
        note(Flaw::Lifetime(lifetime));
    }
}

fn is_static(lifetime: &Lifetime) -> bool {
    lifetime.ident == "static"
}
