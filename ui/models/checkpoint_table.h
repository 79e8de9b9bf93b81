#pragma once

#include <QTableView>

namespace precedent::ui {

/// The table of a model's card: as high as its rows, so that the page scrolls and not the table.
class CheckpointTable final : public QTableView {
    Q_OBJECT
public:
    explicit CheckpointTable(QWidget* parent = nullptr);

    void setModel(QAbstractItemModel* model) override;

private:
    void fit();
};

} // namespace precedent::ui
