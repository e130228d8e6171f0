//! Enums of which each variant is one word in policies, in reports or on the command line.

/// An enum of words that `words!` defines.
pub trait Word: Copy + Send + Sync + 'static {
    /// Every word, in the order in which they are listed.
    const ALL: &'static [Self];

    /// The word itself.
    fn id(self) -> &'static str;

    /// The word as it is read within a sentence.
    fn words(self) -> String {
        self.id().replace('_', " ")
    }

    /// What a word stands for, if it is one of them.
    fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.id() == id)
    }
}

/// Defines an enum by its words, which are also what serde and the JSON Schemas call the variants.
macro_rules! words {
    ($(#[$about:meta])* $visibility:vis enum $name:ident {
        $($(#[$meaning:meta])* $variant:ident = $word:tt,)+
    }) => {
        $(#[$about])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        $visibility enum $name {
            $($(#[$meaning])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word, in the order in which they are listed.
            $visibility const ALL: [$name; [$($word),+].len()] = [$($name::$variant),+];

            /// The word itself.
            $visibility const fn id(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }
        }

        impl $crate::words::Word for $name {
            const ALL: &'static [Self] = &$name::ALL;

            fn id(self) -> &'static str {
                $name::id(self)
            }
        }
    };
}

/// Defines an enum of the words that this program knows, and a variant for any other word.
macro_rules! open_words {
    ($(#[$about:meta])* pub enum $name:ident {
        $($(#[$meaning:meta])* $variant:ident = $word:literal,)+
    }) => {
        $(#[$about])*
        #[derive(
            Clone, Debug, PartialEq, Eq,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(from = "Box<str>", into = "Box<str>")]
        #[schemars(with = "String")]
        pub enum $name {
            $($(#[$meaning])* $variant,)+
            /// A word that this program does not know.
            Other(Box<str>),
        }

        impl $name {
            /// The word itself.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $word,)+
                    $name::Other(word) => word,
                }
            }
        }

        impl From<Box<str>> for $name {
            fn from(word: Box<str>) -> Self {
                match &*word {
                    $($word => $name::$variant,)+
                    _ => $name::Other(word),
                }
            }
        }

        impl From<$name> for Box<str> {
            fn from(word: $name) -> Self {
                word.as_str().into()
            }
        }
    };
}
pub(crate) use {open_words, words};
