#pragma once

#include <QWidget>

class QAction;
class QListView;

namespace precedent::ui {

class RecentFiles;

/// What a window without a casebase shows: the sample and the quickstart, the other ways to begin, and recent files.
class WelcomePage final : public QWidget {
    Q_OBJECT
public:
    struct Actions {
        QAction* openSample;
        QAction* quickstart;
        QAction* newCasebase;
        QAction* openCasebase;
    };
    WelcomePage(const Actions& actions, RecentFiles& recent, QWidget* parent = nullptr);

Q_SIGNALS:
    void fileChosen(const QString& path);
};

} // namespace precedent::ui
