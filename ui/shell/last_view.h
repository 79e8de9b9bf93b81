#pragma once

#include <vector>

#include <QString>

class QWidget;

namespace precedent::ui {

class Place;

// Where the user was, kept for the next start.

/// The place in view (-1: the welcome page) and where each place stands, by casebase.
void rememberView(const QString& casebase, int current, const std::vector<Place*>& places);
/// Brings each place back to where it stood, and returns the one that was in view; 0 for a casebase that is new here.
[[nodiscard]] int recallView(const QString& casebase, const std::vector<Place*>& places);

/// How wide each named splitter's parts are, by the splitter's objectName.
void rememberSplitters(const QWidget& window);
void recallSplitters(QWidget& window);

} // namespace precedent::ui
