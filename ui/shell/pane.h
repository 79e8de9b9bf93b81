#pragma once

#include <QWidget>

class QHBoxLayout;
class QVBoxLayout;

namespace precedent::ui {

/// A part of a place: a bar of 44 px on top and a body below, on the surface (or, where `quiet`, on the window's ground).
class Pane : public QWidget {
    Q_OBJECT
public:
    explicit Pane(QWidget* parent = nullptr, bool quiet = false);

    [[nodiscard]] QHBoxLayout* bar() const { return m_bar; }
    void setBody(QWidget* body);
    void addBelow(QWidget* part); ///< under the body, as high as it wants

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QWidget* m_head;
    QHBoxLayout* m_bar;
    QVBoxLayout* m_layout;
    bool m_quiet;
};

} // namespace precedent::ui
