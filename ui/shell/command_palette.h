#pragma once

#include <QDialog>

class QAction;
class QLineEdit;
class QListView;
class QSortFilterProxyModel;
class QStandardItemModel;

namespace precedent::ui {

/// Every action of the window, found by typing (Ctrl+K). Enter runs the first; Esc closes. Words may come in any
/// order. Disabled actions are listed greyed, so that one learns that they are there.
class CommandPalette final : public QDialog {
    Q_OBJECT
public:
    CommandPalette(const QList<QAction*>& actions, QWidget* parent);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void filter(const QString& words);
    void run();

    QLineEdit* m_field;
    QListView* m_list;
    QStandardItemModel* m_model;
    QSortFilterProxyModel* m_proxy;
    QList<QAction*> m_actions;
};

} // namespace precedent::ui
