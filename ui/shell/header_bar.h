#pragma once

#include <QWidget>

class QLabel;
class QToolButton;

namespace precedent::ui {

/// The strip at the top: the place's name, the casebase, the command field, theme and settings. 44 px high.
class HeaderBar final : public QWidget {
    Q_OBJECT
public:
    explicit HeaderBar(QWidget* parent = nullptr);

    void setPlace(const QString& title);
    void setCasebase(const QString& name, const QString& path); ///< empty: none is open

Q_SIGNALS:
    void commandFieldAsked();
    void themeToggled();
    void settingsAsked();
    void casebaseMenuAsked(const QPoint& at); ///< global position below the name

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QLabel* m_place;
    QToolButton* m_casebase;
    QToolButton* m_theme;
};

} // namespace precedent::ui
