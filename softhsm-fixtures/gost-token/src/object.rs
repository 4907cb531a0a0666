//! Objects of the token and the rules by which templates become objects.

use cryptoki_sys::{
    CK_ATTRIBUTE_TYPE, CK_KEY_TYPE, CKA_ALWAYS_AUTHENTICATE, CKA_ALWAYS_SENSITIVE, CKA_CERTIFICATE_TYPE, CKA_CLASS,
    CKA_DECRYPT, CKA_DERIVE, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_GOSTR3410_PARAMS, CKA_GOSTR3411_PARAMS, CKA_ID,
    CKA_KEY_GEN_MECHANISM, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL, CKA_MODIFIABLE, CKA_NEVER_EXTRACTABLE, CKA_PRIVATE,
    CKA_SENSITIVE, CKA_SIGN, CKA_SUBJECT, CKA_TOKEN, CKA_UNWRAP, CKA_VALUE, CKA_VERIFY, CKA_WRAP, CKC_X_509,
    CKK_GOSTR3410, CKO_CERTIFICATE, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKR_ATTRIBUTE_READ_ONLY,
    CKR_ATTRIBUTE_VALUE_INVALID, CKR_DEVICE_ERROR, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
};
use serde::{Deserialize, Serialize};

use crate::attributes::Attributes;
use crate::mechanism::{Mechanism, TC26};
use crate::parameter_set::{KeySize, ParameterSet};
use crate::return_value::{Failure, Result};
use crate::signature::{PrivateKey, PublicKey};

/// `CKK_GOSTR3410_512` of the TC26 vendor space
const CKK_GOSTR3410_512: CK_KEY_TYPE = TC26 | 3;

/// A token object: a certificate, a public key or a private key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Object {
    /// Everything that `C_GetAttributeValue` may show.
    pub attributes: Attributes,
    /// The scalar of a private key, little-endian, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    scalar: Option<String>,
}

impl Object {
    /// The object that `C_CreateObject` makes of `template`.
    pub(crate) fn from_template(mut template: Attributes) -> Result<Self> {
        require_token_object(&template)?;
        match template.number(CKA_CLASS).ok_or(Failure(CKR_TEMPLATE_INCOMPLETE))? {
            CKO_CERTIFICATE => Self::certificate(template),
            CKO_PUBLIC_KEY => {
                let parameters = parameters(&template, None)?;
                let value = template.value(CKA_VALUE).ok_or(Failure(CKR_TEMPLATE_INCOMPLETE))?;
                let key = PublicKey::from_value(parameters, value).ok_or(Failure(CKR_ATTRIBUTE_VALUE_INVALID))?;
                Ok(Self::public(template, &key))
            }
            CKO_PRIVATE_KEY => {
                let parameters = parameters(&template, None)?;
                let scalar = template.remove(CKA_VALUE).ok_or(Failure(CKR_TEMPLATE_INCOMPLETE))?;
                let key = PrivateKey::from_little_endian(parameters, &scalar);
                Ok(Self::private(
                    template,
                    parameters,
                    &key.ok_or(Failure(CKR_ATTRIBUTE_VALUE_INVALID))?,
                ))
            }
            _ => Err(Failure(CKR_ATTRIBUTE_VALUE_INVALID)),
        }
    }

    /// The public and the private object of a new key pair.
    pub(crate) fn key_pair(size: KeySize, public: Attributes, private: Attributes) -> Result<(Self, Self)> {
        require_token_object(&public)?;
        require_token_object(&private)?;
        let parameters = parameters(&public, Some(size))?;
        let key = PrivateKey::generate(parameters)?;
        let mut pair = (
            Self::public(public, &key.public_key()),
            Self::private(private, parameters, &key),
        );
        for attributes in [&mut pair.0.attributes, &mut pair.1.attributes] {
            attributes.set_flag(CKA_LOCAL, true);
            attributes.set_number(CKA_KEY_GEN_MECHANISM, Mechanism::KeyPairGeneration(size).to_type());
        }
        let private = &mut pair.1.attributes;
        private.set_flag(CKA_ALWAYS_SENSITIVE, true);
        private.set_flag(CKA_NEVER_EXTRACTABLE, true);
        Ok(pair)
    }

    /// Applies the template of `C_SetAttributeValue`: names may change, nothing else.
    pub(crate) fn change(&mut self, template: &Attributes) -> Result<()> {
        let changeable: [CK_ATTRIBUTE_TYPE; 3] = [CKA_LABEL, CKA_ID, CKA_SUBJECT];
        if template.iter().any(|(kind, _)| !changeable.contains(&kind)) {
            return Err(Failure(CKR_ATTRIBUTE_READ_ONLY));
        }
        for (kind, value) in template.iter() {
            self.attributes.set(kind, value);
        }
        Ok(())
    }

    /// Whether the object shows itself only after a login.
    pub(crate) fn is_private(&self) -> bool {
        self.attributes.flag(CKA_PRIVATE)
    }

    /// Whether `kind` exists but is never shown: the value of a private key.
    pub(crate) fn hides(&self, kind: CK_ATTRIBUTE_TYPE) -> bool {
        self.scalar.is_some() && kind == CKA_VALUE
    }

    /// Whether each signature needs a context-specific login.
    pub(crate) fn always_authenticates(&self) -> bool {
        self.attributes.flag(CKA_ALWAYS_AUTHENTICATE)
    }

    /// The private key; `None` for every other object.
    pub(crate) fn private_key(&self) -> Result<Option<(KeySize, PrivateKey)>> {
        let Some(scalar) = &self.scalar else { return Ok(None) };
        let parameters = parameters(&self.attributes, None)?;
        let scalar = hex::decode(scalar).map_err(|_| Failure(CKR_DEVICE_ERROR))?;
        let key = PrivateKey::from_little_endian(parameters, &scalar).ok_or(Failure(CKR_DEVICE_ERROR))?;
        Ok(Some((parameters.key_size(), key)))
    }

    fn certificate(mut attributes: Attributes) -> Result<Self> {
        if attributes.value(CKA_VALUE).is_none() {
            return Err(Failure(CKR_TEMPLATE_INCOMPLETE));
        }
        if attributes
            .number(CKA_CERTIFICATE_TYPE)
            .is_some_and(|kind| kind != CKC_X_509)
        {
            return Err(Failure(CKR_ATTRIBUTE_VALUE_INVALID));
        }
        attributes.set_number(CKA_CERTIFICATE_TYPE, CKC_X_509);
        Ok(Self::new(attributes, false))
    }

    fn public(mut attributes: Attributes, key: &PublicKey) -> Self {
        attributes.set_number(CKA_CLASS, CKO_PUBLIC_KEY);
        attributes.set(CKA_VALUE, key.value());
        attributes.default_flag(CKA_VERIFY, true);
        for use_of_other_keys in [CKA_ENCRYPT, CKA_WRAP, CKA_DERIVE] {
            attributes.default_flag(use_of_other_keys, false);
        }
        describe_key(&mut attributes, key.parameters());
        Self::new(attributes, false)
    }

    fn private(mut attributes: Attributes, parameters: ParameterSet, key: &PrivateKey) -> Self {
        attributes.set_number(CKA_CLASS, CKO_PRIVATE_KEY);
        attributes.set_flag(CKA_SENSITIVE, true);
        attributes.set_flag(CKA_EXTRACTABLE, false);
        attributes.default_flag(CKA_SIGN, true);
        for use_of_other_keys in [CKA_DECRYPT, CKA_UNWRAP, CKA_DERIVE] {
            attributes.default_flag(use_of_other_keys, false);
        }
        attributes.default_flag(CKA_ALWAYS_AUTHENTICATE, false);
        attributes.default_flag(CKA_ALWAYS_SENSITIVE, false);
        attributes.default_flag(CKA_NEVER_EXTRACTABLE, false);
        describe_key(&mut attributes, parameters);
        Self {
            scalar: Some(hex::encode(key.to_little_endian())),
            ..Self::new(attributes, true)
        }
    }

    fn new(mut attributes: Attributes, private: bool) -> Self {
        attributes.set_flag(CKA_TOKEN, true);
        attributes.default_flag(CKA_PRIVATE, private);
        attributes.default_flag(CKA_MODIFIABLE, true);
        for kind in [CKA_LABEL, CKA_ID] {
            if attributes.value(kind).is_none() {
                attributes.set(kind, []);
            }
        }
        Self {
            attributes,
            scalar: None,
        }
    }
}

/// Session objects are not kept: nothing that signs documents needs them.
fn require_token_object(template: &Attributes) -> Result<()> {
    if template.flag(CKA_TOKEN) {
        Ok(())
    } else {
        Err(Failure(CKR_TEMPLATE_INCONSISTENT))
    }
}

/// The curve that a template or an object names; for a new key of a size the usual one when it names none.
fn parameters(attributes: &Attributes, generated: Option<KeySize>) -> Result<ParameterSet> {
    let set = match (attributes.value(CKA_GOSTR3410_PARAMS), generated) {
        (Some(der), _) => ParameterSet::from_der(der).ok_or(Failure(CKR_ATTRIBUTE_VALUE_INVALID))?,
        (None, Some(KeySize::Bits256)) => ParameterSet::CryptoProA,
        (None, Some(KeySize::Bits512)) => ParameterSet::Tc26A512,
        (None, None) => return Err(Failure(CKR_TEMPLATE_INCOMPLETE)),
    };
    if generated.is_some_and(|size| size != set.key_size()) {
        return Err(Failure(CKR_TEMPLATE_INCONSISTENT));
    }
    Ok(set)
}

fn describe_key(attributes: &mut Attributes, parameters: ParameterSet) {
    let kind = match parameters.key_size() {
        KeySize::Bits256 => CKK_GOSTR3410,
        KeySize::Bits512 => CKK_GOSTR3410_512,
    };
    attributes.set_number(CKA_KEY_TYPE, kind);
    attributes.set(CKA_GOSTR3410_PARAMS, parameters.der());
    attributes.set(CKA_GOSTR3411_PARAMS, parameters.key_size().digest_der());
    attributes.default_flag(CKA_LOCAL, false);
}
