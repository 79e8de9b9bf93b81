#pragma once

#include <QFont>

namespace precedent::ui {

// The type scale: body 1.0, secondary 0.86, section 1.15 semibold, page 1.5 semibold, and a monospace for prompts, ids
// and tokens. Sizes follow the application's font.
[[nodiscard]] QFont bodyFont();
[[nodiscard]] QFont secondaryFont();
[[nodiscard]] QFont labelFont(); ///< secondary, semibold: over a field or a list
[[nodiscard]] QFont sectionFont();
[[nodiscard]] QFont pageFont();
[[nodiscard]] QFont monospaceFont();

/// Loads the fonts that come with the program and makes them the application's. Call once, after QApplication.
/// False if a font's file could not be read: then the system's own is used.
bool useBundledFonts();

/// Resources, fonts, style and theme: what every window of ours needs, once, after QApplication. Also for tests.
void useProgramLook();

} // namespace precedent::ui
